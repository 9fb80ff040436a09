"""No card is lost: whoever keeps tapping a good card gets his exam, and no burnt card stays without its debit."""

from protocol.journal import DEBIT

from emulator.checkers.evidence import Evidence


def lost(evidence: Evidence) -> list[str]:
    found = []
    for credit, burnt in evidence.burnt.items():
        debited = bool(evidence.journal.of(DEBIT, credit))
        if burnt and not debited:
            found.append(f"the card of credit {credit} is burnt, the journal holds no DEBIT of it")
        if debited and not burnt:
            found.append(f"credit {credit} was debited, its card is not burnt")
        if credit in evidence.tapped and not evidence.granted(credit):
            found.append(f"the card of credit {credit} was tapped to the end and its exam was never granted")
    return found
