"""One credit is one exam: it is debited at most once, and its exam is never granted again after it ended."""

from collections import Counter

from protocol.journal import DEBIT

from emulator.checkers.evidence import Evidence


def double(evidence: Evidence) -> list[str]:
    debits = Counter((entry.batch, entry.credit) for entry in evidence.journal.of(DEBIT))
    found = [f"credit {credit} was debited {count} times" for (_, credit), count in debits.items() if count > 1]
    for grant in evidence.grants:
        if len(grant.open_credits) > 1:
            found.append(f"two exams at once at {grant.time_us} us: credits {sorted(grant.open_credits)}")
    return found
