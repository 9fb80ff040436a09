"""What the back office wants of whoever carries short messages: one small interface, three ways to have it."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from gsm.pdu import MAX_BYTES, PART_BYTES

SMS_BYTES = 140
MAX_SMS_BYTES = MAX_BYTES
"""Of one message in all its parts."""


@dataclass(frozen=True)
class Aside:
    """An SMS, or part of one, that leaves the modem's memory without being handed in."""

    reason: str
    """unreadable, half, too_long or foreign."""
    sender: str
    place: str
    shown: str
    """The line that the modem showed."""


class Inbox(Protocol):
    """Where a platform that has to be asked (a modem) hands in what it found. All may be called from any thread."""

    def take(self, provider_id: str, sender: str, data: bytes) -> bool:
        """Hand in an SMS; True when it may be deleted, because it is stored."""

    def report(self, provider_id: str, number: str, *, delivered: bool, submitted_at: int) -> bool:
        """What became of an SMS of ours in the end, which the network took at that moment (Unix seconds; 0: it did not
        say); False when it is not known (yet)."""

    def set_aside(self, aside: Aside) -> bool:
        """Store what cannot be handed in; True when it may be deleted."""

    def trouble(self, subject: str, message: str) -> bool:
        """Tell people that something about the modem is wrong, once for each subject; without a message: that it is
        right again. False when that could not be stored."""


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
