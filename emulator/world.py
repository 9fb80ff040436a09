"""The world: one clock, one seed, any number of boards, and what happens to them when.

Virtual time is a discrete-event simulation. Every board is a process that runs until it asks for something; only
when all of them have asked is the earliest request (or event, or watchdog) served, so the order of things follows
from their times alone. Real time serves whatever comes, in a thread of its own, through the same methods.
"""

import heapq
import itertools
import random
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, NamedTuple

from emulator.clock import Clock, RealClock
from emulator.device import Board
from emulator.errors import NotInThisMode
from emulator.flash import Flash
from emulator.loop import RealTimeLoop
from emulator.phone import PhoneNetwork

DEFAULT_TIMEOUT_MS: Final = 60_000
TRACE_LENGTH: Final = 200_000
FAR_FUTURE_US: Final = 1 << 62
START_UNIX_S: Final = 1_790_000_000  # 2026-09-21: what a clock that is right shows when the world begins


class Event(NamedTuple):
    time_us: int
    order: int
    action: Callable[[], None]


class TraceEntry(NamedTuple):
    time_us: int
    board: str
    what: str
    detail: str


class World:
    """In real time another thread takes `lock` around whatever it does to a chip, a field or a card itself;
    the methods of boards and of the world do that by themselves.
    """

    def __init__(self, seed: int = 0, real_time: bool = False) -> None:
        self.seed = seed
        self.real_time = real_time
        self.clock: Clock = RealClock() if real_time else Clock()
        self.boards: dict[str, Board] = {}
        self.trace: deque[TraceEntry] = deque(maxlen=TRACE_LENGTH)
        self.lock = threading.RLock()
        self.network_patience_ms = 2000  # real ms that a board in virtual time waits for a socket
        self._events: list[Event] = []
        self._order = itertools.count()
        self._loop = RealTimeLoop(self) if real_time else None
        self._phone: PhoneNetwork | None = None

    def __enter__(self) -> "World":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with self.lock:
            for board in self.boards.values():
                board.close()
            self.boards.clear()
            if self._phone:
                self._phone.close()
        if self._loop:
            self._loop.stop()

    def board(
        self, name: str, image: bytes | None = None, flash: Flash | None = None, heap_words_k: int | None = None
    ) -> Board:
        """A board without power. It has the firmware's own image unless it is given another, or a whole flash chip."""
        if name in self.boards:
            raise ValueError(f"there is a board {name} already")
        with self.lock:
            self.boards[name] = Board(self, name, image, flash, heap_words_k)
        return self.boards[name]

    def random(self, purpose: str) -> random.Random:
        """One independent stream of numbers for each purpose, all from the world's seed."""
        return random.Random(f"{self.seed}/{purpose}")  # noqa: S311

    @property
    def now_us(self) -> int:
        return self.clock.now_us

    @property
    def unix_time(self) -> int:
        """The right wall-clock time of the world."""
        return START_UNIX_S + self.clock.now_us // 1_000_000

    @property
    def phone(self) -> PhoneNetwork:
        """The one phone network, made when somebody first looks at it."""
        if self._phone is None:
            self._phone = PhoneNetwork(self)
        return self._phone

    def note(self, board: str, what: str, detail: str = "") -> None:
        self.trace.append(TraceEntry(self.clock.now_us, board, what, detail))

    def at(self, ms: int, action: Callable[[], None]) -> None:
        """Do that in so many milliseconds from now."""
        self.schedule(self.clock.now_us + ms * 1000, action)

    def schedule(self, time_us: int, action: Callable[[], None]) -> None:
        with self.lock:
            heapq.heappush(self._events, Event(time_us, next(self._order), action))
        if self._loop:
            self._loop.wake()

    def run_for(self, ms: int) -> None:
        if self._loop:
            self._loop.wait_until(lambda: False, ms)
        else:
            self._run(self.clock.now_us + ms * 1000, lambda: False)

    def run_until(self, predicate: Callable[[], bool], timeout_ms: int = DEFAULT_TIMEOUT_MS) -> bool:
        """True as soon as the predicate holds, False when so much of the world's time has passed without it."""
        if self._loop:
            return self._loop.wait_until(predicate, timeout_ms)
        return self._run(self.clock.now_us + timeout_ms * 1000, predicate)

    @property
    def loop(self) -> RealTimeLoop:
        if self._loop is None:
            raise NotInThisMode("this needs a world in real time")
        return self._loop

    def attend(self, board: Board) -> None:
        """The board has a new process to listen to."""
        if self._loop:
            self._loop.attend(board)

    def forget(self, board: Board) -> None:
        """The board's process is about to end."""
        if self._loop:
            self._loop.forget(board)

    def next_us(self) -> int:
        """When the next thing is due."""
        return self._earliest()[0]

    def serve_due(self) -> bool:
        """Serve the earliest thing that is due by the clock. Events come before boards, boards in their order."""
        due_us, board = self._earliest()
        if due_us > self.clock.now_us:
            return False
        self._serve(board)
        return True

    def _run(self, limit_us: int, predicate: Callable[[], bool]) -> bool:
        while not predicate():
            for board in self.boards.values():
                board.collect()
            due_us, first = self._earliest()
            if due_us > limit_us:
                self.clock.move_to(limit_us)
                return predicate()
            self.clock.move_to(due_us)
            self._serve(first)
        return True

    def _earliest(self) -> tuple[int, Board | None]:
        """The next thing and whose it is; None: an event."""
        due_us = self._events[0].time_us if self._events else FAR_FUTURE_US
        first = None
        for board in self.boards.values():
            board_us = board.next_us
            if board_us < due_us:
                due_us, first = board_us, board
        return due_us, first

    def _serve(self, board: Board | None) -> None:
        if board is None:
            heapq.heappop(self._events).action()
        else:
            board.serve()
