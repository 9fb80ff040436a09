"""One credit is one exam: it is debited at most once, and no second credit is taken while its exam is running."""

from collections import Counter
from collections.abc import Iterable, Iterator

from protocol.journal import DEBIT, ENDED, Entry

from emulator.checkers.evidence import Evidence


def double(evidence: Evidence) -> list[str]:
    debits = Counter((entry.batch, entry.credit) for entry in evidence.journal.of(DEBIT))
    found = [f"credit {credit} was debited {count} times" for (_, credit), count in debits.items() if count > 1]
    found += _overlaps(evidence.journal.entries)
    for grant in evidence.grants:
        if len(grant.open_credits) > 1:
            found.append(f"two exams at once at {grant.time_us} us: credits {sorted(grant.open_credits)}")
    return found


def _overlaps(entries: Iterable[Entry]) -> Iterator[str]:
    """The relay is on already, so at the pins nothing is to be seen of this."""
    running = None
    for entry in entries:
        if entry.kind == ENDED:
            running = None
        elif entry.kind == DEBIT:
            if running not in (None, entry.credit):
                yield f"credit {entry.credit} was debited while the exam of credit {running} was running"
            running = entry.credit
