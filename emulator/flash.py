"""The flash of a board: NOR, 2 MiB in sectors of 4 KiB, with the power cut at any operation that changes it.

Programming can only clear bits and erasing sets a whole sector (GigaDevice GD25Q32C data sheet 7.22, 7.25). The
image lives in memory that the board's process shares for reading; every change goes through here, where it is
counted, timed and cut.
"""

import mmap
import os
import random
import weakref
from dataclasses import dataclass, field
from typing import Final

BLOCK_BYTES: Final = 4096
BLOCK_COUNT: Final = 512
SIZE_BYTES: Final = BLOCK_BYTES * BLOCK_COUNT
PAGE_BYTES: Final = 256
PAGE_PROGRAM_US: Final = 500  # typical tPP
SECTOR_ERASE_US: Final = 45_000  # typical tSE
ERASED: Final = 0xFF


class PowerCut(Exception):
    """The supply died during this operation. Raised to whoever runs the board, never into the firmware."""


@dataclass
class Cut:
    """Power dies at this operation (1 = the next one that is counted as such); half: it is begun but not finished."""

    operation: int
    half: bool = False


@dataclass
class FlashCounters:
    programs: int = 0
    erases: int = 0
    programmed_bytes: int = 0
    busy_us: int = 0


@dataclass
class NorError:
    """A program operation that asked for a bit to go from 0 to 1: the firmware's file system broke the rules."""

    operation: int
    offset: int


@dataclass
class Flash:
    """One flash chip. It outlives resets and power cuts of its board and may move to another one."""

    image_bytes: bytes | None = None
    seed: int = 0
    operations: int = 0
    counters: FlashCounters = field(default_factory=FlashCounters)
    wear: list[int] = field(default_factory=lambda: [0] * BLOCK_COUNT)
    errors: list[NorError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.file_descriptor = os.memfd_create("flash")
        os.ftruncate(self.file_descriptor, SIZE_BYTES)
        self._memory = mmap.mmap(self.file_descriptor, SIZE_BYTES)
        self._cut: Cut | None = None
        weakref.finalize(self, os.close, self.file_descriptor)
        if self.image_bytes is None:
            self.load(bytes([ERASED]) * SIZE_BYTES)
        else:
            self.load(self.image_bytes)
            self.image_bytes = None

    def image(self) -> bytes:
        return self._memory[:]

    def load(self, image: bytes) -> None:
        if len(image) != SIZE_BYTES:
            raise ValueError(f"a flash image has {SIZE_BYTES} bytes, this one {len(image)}")
        self._memory[:] = image

    def cut_at(self, operation: int | None, half: bool = False) -> None:
        """Let the power die at that operation, counted from now: 1 is the next. None takes it back."""
        self._cut = None if operation is None else Cut(self.operations + operation, half)

    @property
    def cut_pending(self) -> bool:
        return self._cut is not None

    def program(self, offset: int, data: bytes) -> int:
        """Returns how long it takes, in us."""
        self._start("program", offset, len(data))
        if self._dies():
            written = self._random().randrange(len(data))
            self._clear_bits(offset, data[:written] + self._half_byte(data[written]))
            raise PowerCut
        self._clear_bits(offset, data)
        pages = (offset + len(data) - 1) // PAGE_BYTES - offset // PAGE_BYTES + 1
        self.counters.programs += 1
        self.counters.programmed_bytes += len(data)
        self.counters.busy_us += pages * PAGE_PROGRAM_US
        return pages * PAGE_PROGRAM_US

    def erase(self, offset: int) -> int:
        """Returns how long it takes, in us."""
        self._start("erase", offset, BLOCK_BYTES)
        size = self._random().randrange(BLOCK_BYTES) if self._dies() else BLOCK_BYTES
        self.wear[offset // BLOCK_BYTES] += 1
        self._memory[offset : offset + size] = bytes([ERASED]) * size
        if size < BLOCK_BYTES:
            raise PowerCut
        self.counters.erases += 1
        self.counters.busy_us += SECTOR_ERASE_US
        return SECTOR_ERASE_US

    def _start(self, kind: str, offset: int, size: int) -> None:
        if offset + size > SIZE_BYTES:
            raise ValueError(f"{kind} of {size} bytes at {offset} lies outside the chip")
        self.operations += 1
        if self._cut and self._cut.operation == self.operations and not self._cut.half:
            self._cut = None
            raise PowerCut

    def _dies(self) -> bool:
        dies = self._cut is not None and self._cut.operation == self.operations
        if dies:
            self._cut = None
        return dies

    def _clear_bits(self, offset: int, data: bytes) -> None:
        before = self._memory[offset : offset + len(data)]
        after = (int.from_bytes(before, "big") & int.from_bytes(data, "big")).to_bytes(len(data), "big")
        if after != data:
            self.errors.append(NorError(self.operations, offset))
        self._memory[offset : offset + len(data)] = after

    def _half_byte(self, wanted: int) -> bytes:
        return bytes([wanted | self._random().randrange(256)])

    def _random(self) -> random.Random:
        # One draw per operation, whatever was drawn before: the same cut gives the same half.
        return random.Random(self.seed << 32 | self.operations)  # noqa: S311
