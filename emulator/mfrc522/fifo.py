"""The 64-byte FIFO (data sheet 8.3)."""

from __future__ import annotations

from typing import Final

CAPACITY_BYTES: Final = 64


class Fifo:
    """First in, first out; a byte too many is dropped and remembered as an overflow."""

    __slots__ = ("data", "overflowed")

    def __init__(self) -> None:
        self.data = bytearray()
        self.overflowed = False

    def push(self, value: int) -> None:
        if len(self.data) >= CAPACITY_BYTES:
            self.overflowed = True
        else:
            self.data.append(value)

    def extend(self, values: bytes) -> None:
        room = CAPACITY_BYTES - len(self.data)
        self.data += values[:room]
        if len(values) > room:
            self.overflowed = True

    def pop(self) -> int:
        """The oldest byte; an empty FIFO reads 0."""
        return self.data.pop(0) if self.data else 0

    def take(self, count: int) -> bytes:
        taken = bytes(self.data[:count])
        del self.data[:count]
        return taken

    def flush(self) -> None:
        self.data.clear()
        self.overflowed = False

    def __len__(self) -> int:
        return len(self.data)
