"""What is on the air: frames, replies, and what a log remembers of them.

A frame is its data bits, least significant first, plus one parity bit per whole byte (ISO/IEC 14443-3 6.2.3).
`parity=None` means that the sender's parity is right everywhere; only encrypted and garbled frames carry their own.
"""

from __future__ import annotations

from typing import Literal, Protocol

Direction = Literal["reader", "card"]

ODD_PARITY = bytes(1 ^ value.bit_count() & 1 for value in range(256))


def parity_bits(data: bytes) -> int:
    """The odd parity bit of every byte (ISO/IEC 14443-3 6.2.3.1), bit i for byte i."""
    bits = 0
    for i, value in enumerate(data):
        bits |= ODD_PARITY[value] << i
    return bits


def air_us(units: int) -> int:
    """Duration of `units` elementary time units (128 carrier periods) at 106 kbit/s."""
    return (units * 12_800 + 678) // 1_356


class Frame:
    """Data bits and parity bits of one frame. Bits of `data` beyond `bits` are zero."""

    __slots__ = ("bits", "data", "parity")

    def __init__(self, data: bytes, bits: int | None = None, parity: int | None = None) -> None:
        self.data = data
        self.bits = len(data) * 8 if bits is None else bits
        self.parity = parity

    @property
    def airtime_us(self) -> int:
        """Start, data, a parity bit per whole byte, end: (9n + 3) time units for n bytes."""
        return air_us(self.bits + (self.bits >> 3) + 3)

    @property
    def last_bit(self) -> int:
        if self.bits & 7 or not self.bits:
            return self.data[-1] >> (self.bits - 1 & 7) & 1 if self.bits else 0
        if self.parity is not None:
            return self.parity >> (self.bits >> 3) - 1 & 1
        return ODD_PARITY[self.data[-1]]

    def cut(self, bits: int) -> Frame:
        """What is heard of this frame when it stops after `bits` data bits."""
        bits = max(0, min(bits, self.bits))
        value = int.from_bytes(self.data, "little") & (1 << bits) - 1
        return Frame(value.to_bytes(bits + 7 >> 3, "little"), bits, self.parity)

    def flipped(self, bit: int) -> Frame:
        """The same frame with one data bit wrong, under the parity of the right one."""
        value = int.from_bytes(self.data, "little") ^ 1 << bit
        parity = parity_bits(self.data) if self.parity is None else self.parity
        return Frame(value.to_bytes(len(self.data), "little"), self.bits, parity)

    def __repr__(self) -> str:
        return f"Frame({self.data.hex()}, bits={self.bits})"


class Reply:
    """A card's reaction: an answer after the frame delay, a write before it, or both. `frame=None` stays silent."""

    __slots__ = ("frame", "write_us")

    def __init__(self, frame: Frame | None, write_us: int = 0) -> None:
        self.frame = frame
        self.write_us = write_us


class Card(Protocol):
    """What the field needs of a card."""

    @property
    def uid(self) -> bytes: ...

    def receive(self, frame: Frame) -> Reply | None:
        """A whole frame arrived. A write that the reply announces has begun, and is complete with `write_done`."""

    def write_done(self) -> None: ...

    def power_off(self, write_progress: float = 0.0) -> None:
        """The field is gone; if a write was under way, this much of it was done."""


class FrameLog:
    """One frame that was on the air. `uid` is the sender's; empty for the reader and where several cards answered."""

    __slots__ = ("airtime_us", "bits", "collision", "data", "direction", "number", "time_us", "uid")

    def __init__(self, number: int, time_us: int, direction: Direction, frame: Frame, uid: bytes, collision: bool):
        self.number = number
        self.time_us = time_us
        self.direction = direction
        self.data = frame.data
        self.bits = frame.bits
        self.airtime_us = frame.airtime_us
        self.uid = uid
        self.collision = collision

    def __repr__(self) -> str:
        return f"#{self.number} {self.time_us} us {self.direction} {self.data.hex()}/{self.bits}"
