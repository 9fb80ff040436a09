"""Whatever happened, the machine goes on working, and its file system never breaks the rules of the flash."""

from emulator.checkers.evidence import Evidence


def bricked(evidence: Evidence) -> list[str]:
    found = []
    if not evidence.alive:
        found.append("the machine does not grant an exam for a fresh card any more")
    if evidence.nor_errors:
        found.append(f"{evidence.nor_errors} program operations on flash that was not erased")
    return found
