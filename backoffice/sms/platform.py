"""What the back office wants of whoever carries short messages: one small interface, three ways to have it."""

from typing import ClassVar, Protocol

from gsm.pdu import MAX_BYTES, PART_BYTES

SMS_BYTES = 140
MAX_SMS_BYTES = MAX_BYTES
"""Of one message in all its parts."""


class Inbox(Protocol):
    """Where a platform that has to be asked (a modem) hands in what it found. Both may be called from any thread."""

    def take(self, provider_id: str, sender: str, data: bytes) -> bool:
        """Hand in an SMS; True when it may be deleted, because it is stored or will never be wanted."""

    def report(self, provider_id: str, number: str, *, delivered: bool) -> bool:
        """What became of an SMS of ours in the end; False when it is not known (yet)."""


class Platform(Protocol):
    """A carrier of short messages."""

    name: ClassVar[str]

    def start(self, inbox: Inbox) -> None:
        """Begin to listen, where nobody calls us."""

    def send(self, number: str, data: bytes, reference: int) -> str | None:
        """Hand over one message of 8-bit data, and wait until it is accepted; the platform's number of it, if any.

        ``reference`` is what delivery reports shall name. Raises SmsPlatformUnreachable (again later) or
        SmsPlatformRefused (never again).
        """

    def close(self) -> None:
        """Let go of everything."""


def parts_of(data: bytes) -> int:
    """How many short messages it takes on the air."""
    return 1 if len(data) <= SMS_BYTES else -(-len(data) // PART_BYTES)
