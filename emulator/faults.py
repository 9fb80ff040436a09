"""Which faults of radio, cards and readers are legal. The firmware must survive every one of them.

Radio field and cards
- A card enters or leaves at any microsecond: between frames, while a frame is on the air, while it computes.
- A card leaves before or after any frame (`TearPoint`), or inside a write of its EEPROM.
- A write that is cut off leaves, in that one block, a mix of old and new bits; some of the bits that were to change are
  *weak*: they read differently from time to time until the block is written again. Bits that were to stay as they were
  do stay; so do all other blocks. A write takes 4 to 10 ms, drawn from the card's seed.
- A sector trailer whose access bits are torn no longer matches its own complement: the sector is locked for ever, as on
  a real card.
- A bit of a frame arrives wrong, in either direction (`Field.noise`). Parity gives it away, except in 4-bit answers.
- Several cards answer at once. Bits in which they differ collide.
- A card needs time after it enters, or after the field comes on, before it hears anything.

Reader chip (`ReaderFaults`)
- Single register bits are stuck. Everything reads 0x00 or 0xFF (a loose wire, a chip held in reset). Both for good, or
  until the reset pin or the supply is cycled (`heal_on_reset`).
- The chip is dead (`Mfrc522.die`): it neither listens nor drives the field, until reset pin or supply are cycled.
- A supply dip puts every register back to its reset value, silently, and takes the field away.
- The chip gets too hot: it switches its antenna drivers off and says so.

Not legal, because the hardware cannot do it: a card that remembers what it never received, two clocks, a register that
changes its value without any of the above.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Phase = Literal["before", "after", "inside_write"]


@dataclass(frozen=True, slots=True)
class TearPoint:
    """Every card leaves the field before or after frame number `frame` (as counted by `Field.frame_count`, from 0), or
    inside the EEPROM write that this frame starts, when `fraction` of it is done."""

    frame: int
    phase: Phase
    fraction: float = 0.5

    def __post_init__(self) -> None:
        if self.frame < 0 or not 0.0 <= self.fraction <= 1.0:
            raise ValueError("a tear point needs a frame from 0 on and a fraction from 0 to 1")


class ReaderFaults:
    """What is wrong with the reader chip at the moment. A fresh one is healthy."""

    __slots__ = ("_stuck", "bus_reads", "heal_on_reset", "overheated")

    def __init__(self) -> None:
        self._stuck: dict[int, tuple[int, int]] = {}
        self.bus_reads: int | None = None  # every byte reads as this and no write arrives
        self.heal_on_reset = False  # the reset pin or the supply cures stuck bits and the bus
        self.overheated = False  # temperature sensor is above its limit

    def stick(self, register: int, *, high: int = 0, low: int = 0) -> None:
        """From now on the bits of `high` read 1 and those of `low` read 0, whatever is written."""
        self._stuck[register] = (high, ~low)

    def clear(self) -> None:
        self._stuck.clear()
        self.bus_reads = None
        self.heal_on_reset = False
        self.overheated = False

    def hard_reset(self) -> None:
        if self.heal_on_reset:
            self.clear()

    def read(self, register: int, value: int) -> int:
        """What the bus shows of a register that holds `value`."""
        if not self._stuck:
            return value
        high, keep = self._stuck.get(register, (0, -1))
        return (value | high) & keep
