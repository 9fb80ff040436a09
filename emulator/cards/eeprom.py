"""A card's memory: blocks of 16 bytes that take milliseconds to write and may be torn while they are written."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

BLOCK_BYTES = 16
WEAK_SHARE = 0.15  # of the bits that a torn write was about to change


@dataclass(frozen=True, slots=True)
class _Weak:
    """Bits of a block whose charge is neither here nor there."""

    bits: int
    wrong: float
    """How often each reads other than it stands there: hardly ever when the write had hardly begun or was all but done,
    so that such a block may well look right."""

    def read_wrong(self, random: Random) -> int:
        left, wrong = self.bits, 0
        while left:
            bit = left & -left
            wrong |= bit if random.random() < self.wrong else 0
            left ^= bit
        return wrong


class Eeprom:
    """Blocks, the write under way (at most one), and the bits that a torn write left undecided."""

    __slots__ = ("_pending", "_random", "_weak", "_write_us", "blocks", "writes")

    def __init__(self, blocks: list[bytearray], random: Random, write_us: int | tuple[int, int]) -> None:
        self.blocks = blocks
        self.writes = 0  # begun, whether or not they were completed
        self._random = random
        self._write_us = (write_us, write_us) if isinstance(write_us, int) else write_us
        self._pending: tuple[int, bytes] | None = None
        self._weak: dict[int, _Weak] = {}

    def read(self, block: int) -> bytes:
        """What a read finds: weak bits come out by chance, each time anew."""
        weak = self._weak.get(block)
        if weak is None:
            return bytes(self.blocks[block])
        value = int.from_bytes(self.blocks[block], "little") ^ weak.read_wrong(self._random)
        return value.to_bytes(BLOCK_BYTES, "little")

    def begin_write(self, block: int, data: bytes) -> int:
        """Start writing; returns how long it takes."""
        self.writes += 1
        self._pending = (block, data)
        return self._random.randint(*self._write_us)

    def finish_write(self) -> None:
        if self._pending is not None:
            block, data = self._pending
            self.blocks[block][:] = data
            self._weak.pop(block, None)
            self._pending = None

    def cut_write(self, progress: float) -> None:
        """The power went when this much of the write was done."""
        if self._pending is None or progress <= 0.0:
            self._pending = None
            return
        if progress >= 1.0:
            self.finish_write()
            return
        block, data = self._pending
        self._pending = None
        old = int.from_bytes(self.blocks[block], "little")
        changing = old ^ int.from_bytes(data, "little")
        if block in self._weak:
            changing |= self._weak.pop(block).bits
        done = weak = 0
        for bit in range(BLOCK_BYTES * 8):
            if changing >> bit & 1:
                done |= (self._random.random() < progress) << bit
                weak |= (self._random.random() < WEAK_SHARE) << bit
        self.blocks[block][:] = (old ^ done).to_bytes(BLOCK_BYTES, "little")
        if weak:
            self._weak[block] = _Weak(weak, min(progress, 1.0 - progress))

    def leak(self) -> None:
        """Time passes, and charges that were neither here nor there leak away: from now on weak bits are undecided."""
        self._weak = {block: _Weak(weak.bits, 0.5) for block, weak in self._weak.items()}

    def forget_weakness(self) -> None:
        self._weak.clear()

    @property
    def weak_blocks(self) -> list[int]:
        return sorted(self._weak)
