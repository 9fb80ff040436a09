"""Errors of the application, grouped by what the caller does about them."""

from protocol import reasons


class Refused(Exception):
    """The answer is no, for a reason that a person can be told (protocol.reasons). Nothing is broken."""

    def __init__(self, reason: str, batch: int = 0, credit: int = 0, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.batch = batch
        self.credit = credit


class StorageFull(Refused):
    """The journal has no room for another exam: it must be reported first. Nothing was written, nothing is lost."""

    def __init__(self, detail: str = "the journal must be reported first") -> None:
        super().__init__(reasons.STORAGE_FULL, detail=detail)


class StorageFailed(Refused):
    """The flash refused a write, or what it gave back is not what was written. No exam until a person has looked."""

    def __init__(self, detail: str) -> None:
        super().__init__(reasons.STORAGE_FAILED, detail=detail)


class Corrupt(Exception):
    """A file on flash is not what was written. The machine must not go on as if it had never been there."""


class BadParams(Exception):
    """A call on the host link carries parameters that the method does not take."""
