"""How much of everything: the whole load, or a part of it for a quick look."""

from dataclasses import dataclass
from typing import Final

HOSTILE: Final = 500
MACHINES: Final = 100
PAGES: Final = 20
CHANGERS: Final = 4
OVERHEARD: Final = 10
EXAM_EVERY_S: Final = 10.0
IDLE_S: Final = 8.0
EVERYDAY_S: Final = 10.0
PHASE_S: Final = 8.0
STORM_S: Final = 25.0
SETTLE_S: Final = 60.0


@dataclass(frozen=True)
class Scale:
    """Connections of each kind, honest ones, and how long each part takes."""

    hostile: int = HOSTILE
    machines: int = MACHINES
    pages: int = PAGES
    changers: int = CHANGERS
    """Low users who change their passwords."""
    overheard: int = OVERHEARD
    """Machines whose report somebody has listened to."""
    exam_every_s: float = EXAM_EVERY_S
    idle_s: float = IDLE_S
    everyday_s: float = EVERYDAY_S
    phase_s: float = PHASE_S
    storm_s: float = STORM_S
    settle_s: float = SETTLE_S
    """At most, for what is under way at the end."""

    @classmethod
    def of(cls, part: float) -> "Scale":
        """``part`` of it, and of its time; never so little that nothing would be seen."""
        return cls(
            hostile=max(5, round(HOSTILE * part)),
            machines=max(3, round(MACHINES * part)),
            pages=max(2, round(PAGES * part)),
            changers=max(1, round(CHANGERS * part)),
            overheard=max(1, round(OVERHEARD * part)),
            exam_every_s=max(1.0, EXAM_EVERY_S * part),
            idle_s=max(1.0, IDLE_S * part),
            everyday_s=max(1.0, EVERYDAY_S * part),
            phase_s=max(1.0, PHASE_S * part),
            storm_s=max(1.0, STORM_S * part),
        )

    def seconds(self, phases: int) -> float:
        """From the first question to the last, at most."""
        return self.idle_s + self.everyday_s + phases * self.phase_s + self.storm_s + self.settle_s
