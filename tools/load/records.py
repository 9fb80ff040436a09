"""What the processes tell the play. Moments are seconds of the monotonic clock, which all processes share."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

HEALTH: Final = "health"
PAGE: Final = "page"
SIGN_IN: Final = "sign-in"
STREAM: Final = "stream"
WELL: Final = "well"
ANSWERED: Final = "answered"
"""How the word for an answer that an attacker got begins; its status follows."""

Entry = tuple[int, int, int, int]
"""Of a journal: number, kind, batch, credit."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Somebody honest asked for something. ``outcome`` = well, a status, or what went wrong."""

    what: str
    begun_s: float
    took_s: float
    outcome: str = WELL


@dataclass(frozen=True, slots=True)
class Report:
    """Entries that a machine wrote at one moment, and what became of them. Told when written and when it is known."""

    machine_id: int
    entries: tuple[Entry, ...]
    written_s: float
    acked_s: float | None = None
    tries: int = 0

    @property
    def key(self) -> tuple[int, int]:
        """Machine and first number."""
        return self.machine_id, self.entries[0][0]


@dataclass(frozen=True, slots=True)
class Deed:
    """What attackers did of a kind since they last said, by what came of it."""

    kind: str
    happened: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A process has to say that something is wrong that cannot be."""

    who: str
    words: str


Message = Sample | Report | Deed | Trouble
