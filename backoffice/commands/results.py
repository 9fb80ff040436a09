"""A machine's answer to a command, as a stable word. Append-only, like the numbers in protocol.results."""

from enum import StrEnum

from protocol import results


class Result(StrEnum):
    """How a command ended. Stored as its text; never renamed."""

    DONE = "done"
    BAD_ARGUMENTS = "bad_arguments"
    """The machine cannot make sense of it."""
    TOO_LATE = "too_late"
    """The credit was debited before."""
    FULL = "full"
    """The machine has no room to remember it."""
    FAILED = "failed"
    """The machine's memory could not be written."""
    RETURNED = "returned"
    """The new connection did not work: the machine is back on the old one."""
    BAD_SIGNATURE = "bad_signature"
    """The machine does not find the authority's signature under it."""
    STALE = "stale"
    """The machine obeyed a later order before."""
    UNREADABLE = "unreadable"
    """Not the machine's: this server can no longer open what was sealed in the order, so it never goes out."""
    UNKNOWN = "unknown"
    """A newer firmware gave an answer that this back office does not know."""


BY_NUMBER = {
    results.DONE: Result.DONE,
    results.BAD_ARGUMENTS: Result.BAD_ARGUMENTS,
    results.TOO_LATE: Result.TOO_LATE,
    results.FULL: Result.FULL,
    results.FAILED: Result.FAILED,
    results.RETURNED: Result.RETURNED,
    results.BAD_SIGNATURE: Result.BAD_SIGNATURE,
    results.STALE: Result.STALE,
}


def of_number(number: int) -> Result:
    """The word for the number in a COMMAND entry."""
    return BY_NUMBER.get(number, Result.UNKNOWN)
