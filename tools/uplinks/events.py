"""What a way that runs in a process of its own tells the play."""

from collections import Counter
from dataclasses import dataclass, field

from tools.uplinks.verdict import Outcome


@dataclass(frozen=True)
class Said:
    """Something happened."""

    way: str
    words: str


@dataclass(frozen=True)
class Progress:
    """So many debits are made; ``happened`` = what became of the messages so far."""

    way: str
    debits: int
    of: int
    happened: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Failed:
    """It came to no verdict."""

    way: str
    words: str


Event = Said | Progress | Outcome | Failed
