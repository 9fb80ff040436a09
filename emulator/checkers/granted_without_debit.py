"""The relay never goes on unless the flash already says that somebody paid for an exam that is not over."""

from emulator.checkers.evidence import Evidence


def granted_without_debit(evidence: Evidence) -> list[str]:
    return [
        f"relay on at {grant.time_us} us without an open DEBIT on flash"
        for grant in evidence.grants
        if not grant.open_credits
    ]
