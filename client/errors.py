"""What can go wrong between a PC and a device on the host link, grouped by what the caller does about it."""

from typing import Any


class HostLinkError(Exception):
    """Base of everything the host link raises; `reason` is stable text."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class LinkLost(HostLinkError):
    """The port cannot be opened or went away: look at the cable; the next call opens it again."""

    def __init__(self, message: str) -> None:
        super().__init__("link_lost", message)


class LinkTimeout(HostLinkError):
    """The device did not answer within the bound: it may still have done the work, so ask before repeating."""

    def __init__(self, message: str) -> None:
        super().__init__("link_timeout", message)


class RequestTooLong(HostLinkError):
    """The request does not fit in one line of the host link: nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__("too_long", message)


class BadAnswer(HostLinkError):
    """The device answered, but not what the host link promises: look at its firmware."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_answer", message)


class Refused(HostLinkError):
    """The device answered with an error: `reason` says why, `data` what it knows (batch, credit, ...)."""

    def __init__(self, reason: str, message: str, code: int = 0, data: dict[str, Any] | None = None) -> None:
        super().__init__(reason, message)
        self.code = code
        self.data: dict[str, Any] = data if data is not None else {}
