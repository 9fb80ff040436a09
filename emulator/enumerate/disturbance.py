"""What goes wrong in one run, exactly once: the card leaves, or the power does."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from emulator.faults import TearPoint

WRITE_FRACTIONS = (0.1, 0.5, 0.9)  # how far a torn EEPROM write has come


@dataclass(frozen=True)
class Tear:
    """The card leaves at this frame, counted from when it came; ``fraction`` of an EEPROM write is done then."""

    frame: int
    phase: Literal["before", "after", "inside_write"]
    fraction: float = 0.5

    def point(self, first_frame: int) -> TearPoint:
        return TearPoint(first_frame + self.frame, self.phase, self.fraction)


@dataclass(frozen=True)
class FlashCut:
    """The power dies at this flash operation, counted from 1 when the card came; half: it is begun, not finished."""

    operation: int
    half: bool


@dataclass(frozen=True)
class FrameCut:
    """The power dies at this frame."""

    frame: int


Disturbance = Tear | FlashCut | FrameCut


@dataclass(frozen=True)
class Extent:
    """How much there is to disturb in an undisturbed run; ``writes`` = the frames that start an EEPROM write."""

    frames: int
    writes: tuple[int, ...]
    flash_operations: int

    def disturbances(self) -> Iterator[Disturbance]:
        """Every point there is."""
        for frame in range(self.frames):
            yield Tear(frame, "before")
            yield Tear(frame, "after")
            yield FrameCut(frame)
        for frame in self.writes:
            for fraction in WRITE_FRACTIONS:
                yield Tear(frame, "inside_write", fraction)
        for operation in range(1, self.flash_operations + 1):
            yield FlashCut(operation, half=False)
            yield FlashCut(operation, half=True)
