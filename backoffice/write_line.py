"""The line of those who want to write: SQLite has one write lock, and nobody polls for it.

SQLite lets a second writer knock at growing intervals until one of the knocks happens to come at the right moment:
who waits longest has no better chance than who came last. Here writers of this process stand in line. Whoever is
``first`` (the ingest writer, on which every machine waits) goes before the others; the others go in the order in which
they came, and one of them goes between two turns of the first, so that neither starves.
"""

from collections import deque
from dataclasses import dataclass, field
from threading import Event, Lock

from backoffice.errors import Unavailable

FIRST_WAITS_S = 25
OTHERS_WAIT_S = 8


@dataclass(eq=False)
class Turn:
    """One transaction's place in the line; it stands nowhere until it wants to write."""

    first: bool = False
    _called: Event = field(default_factory=Event)
    _line: "WriteLine | None" = None

    def take(self, line: "WriteLine") -> None:
        """Wait for the turn. Raises Unavailable when it does not come in time."""
        line.join(self)
        self._line = line
        if not self._called.wait(FIRST_WAITS_S if self.first else OTHERS_WAIT_S):
            self.give_back()
            raise Unavailable("others are writing: try again")

    def call(self) -> None:
        """It is this turn's time."""
        self._called.set()

    def give_back(self) -> None:
        """Let the next one write; does nothing when this turn was never taken."""
        if self._line is not None:
            self._line.leave(self)
            self._line = None


class WriteLine:
    """All writers of one database file in this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._writing: Turn | None = None
        self._first: deque[Turn] = deque()
        self._others: deque[Turn] = deque()
        self._first_had_it = False

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._first) + len(self._others)

    def join(self, turn: Turn) -> None:
        """Stand in line."""
        with self._lock:
            (self._first if turn.first else self._others).append(turn)
            self._call_next()

    def leave(self, turn: Turn) -> None:
        """The turn is over, or given up."""
        with self._lock:
            if self._writing is turn:
                self._writing = None
            else:
                (self._first if turn.first else self._others).remove(turn)
            self._call_next()

    def _call_next(self) -> None:
        waiting = self._others if self._first_had_it and self._others else self._first or self._others
        if self._writing is None and waiting:
            self._writing = waiting.popleft()
            self._first_had_it = self._writing.first
            self._writing.call()
