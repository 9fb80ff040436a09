"""Parts of short messages, and which of them belong together."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gsm.pdu import Deliver

PARTS_APART_MAX_S = 3600
"""The centre got all parts of one message within this time. A sender counts his messages round after 256 of them: what
has the same number and came at another time is another message."""


@dataclass(frozen=True)
class Piece:
    """One place of a memory."""

    memory: str
    place: int
    shown: bytes
    message: Deliver

    @property
    def mark(self) -> tuple[str, int, bytes]:
        """Which one it is, for as long as it lies there."""
        return self.memory, self.place, self.shown


@dataclass(eq=False)
class Parts:
    """A message as far as its parts are there."""

    sender: str
    parts: int
    messages: dict[int, Deliver] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)
    """With the second copies that the network brought of some."""

    @property
    def is_whole(self) -> bool:
        """Whether all parts are there."""
        return len(self.messages) == self.parts

    @property
    def sent_at(self) -> int:
        """The centre's time stamp of the first of them in Unix seconds; 0: none that makes sense."""
        return min(message.time for message in self.messages.values())

    @property
    def data(self) -> bytes:
        """The content of all parts. Text, which no machine sends, as UTF-8."""
        ordered = [self.messages[part] for part in sorted(self.messages)]
        return b"".join(message.data for message in ordered) or "".join(one.text or "" for one in ordered).encode()

    def lies_in(self, memory: str) -> bool:
        """Whether one of its parts does."""
        return any(piece.memory == memory for piece in self.pieces)

    def apart_s(self, message: Deliver) -> int:
        """How far from this message's parts the centre got that one."""
        return min(abs(message.time - known.time) for known in self.messages.values())

    def takes(self, message: Deliver) -> bool:
        """Whether it may be a part of this, or the second copy of one."""
        known = self.messages.get(message.part)
        if known is not None:
            return (known.data, known.text, known.time) == (message.data, message.text, message.time)
        return self.apart_s(message) <= PARTS_APART_MAX_S

    def add(self, piece: Piece) -> None:
        self.messages.setdefault(piece.message.part, piece.message)
        self.pieces.append(piece)


def assembled(pieces: list[Piece]) -> Iterator[tuple[bool, Parts]]:
    """Every piece in one message, and whether that is whole; in the order in which the centre got them."""
    gathered: dict[tuple[str, int, int], list[Parts]] = {}
    for piece in sorted(pieces, key=lambda piece: (piece.message.time, piece.message.part)):
        message = piece.message
        known = gathered.setdefault((message.sender, message.reference, message.parts), [])
        likely = [parts for parts in known if message.parts > 1 and parts.takes(message)]
        if not likely:
            likely = [Parts(message.sender, message.parts)]
            known += likely
        min(likely, key=lambda parts: parts.apart_s(message) if parts.messages else 0).add(piece)
    for group in gathered.values():
        for parts in group:
            yield parts.is_whole, parts
