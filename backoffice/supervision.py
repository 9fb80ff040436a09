"""Long-running work: every task and thread of the back office is started here, so that none of them ends unnoticed.

Whatever such work raises is told (a line in the log), counted, shown by ``/health``, and the work begins again after a
pause that grows, of which half is random. Only a request to stop ends it (docs/decisions/0052-work-that-goes-on.md).
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread, Timer
from typing import Any

from backoffice import logs

log = logs.get(__name__)

PAUSE_FIRST_S = 0.5
PAUSE_MAX_S = 60.0
INSIST_ATTEMPTS = 6
UNWELL_FOR_S = 300.0
"""So long after its last failure work counts as unwell, unless it has done a round well since."""


class EndedByItself(Exception):
    """Work that is never to end came to its end."""


@dataclass(frozen=True)
class WorkerState:
    """How one piece of work is."""

    name: str
    well: bool
    failures: int
    """Since the start of the process."""
    last_failure: str
    """The kind of the last failure; its text is in the log alone."""


class Worker:
    """One piece of long-running work."""

    def __init__(
        self, name: str, silent_max_s: float | None = None, elapsed_s: Callable[[], float] = time.monotonic
    ) -> None:
        """``silent_max_s``: work in rounds that has done none for so long hangs, and is unwell."""
        self.name = name
        self._elapsed_s = elapsed_s
        self.failures = 0
        self._silent_max_s = silent_max_s
        self._in_a_row = 0
        self._failed_at_s = 0.0
        self._last_failure = ""
        self._round_at_s: float | None = None
        self._lock = Lock()

    @property
    def state(self) -> WorkerState:
        """How it is now."""
        with self._lock:
            now_s = self._elapsed_s()
            failing = self._in_a_row > 0 and now_s - self._failed_at_s < UNWELL_FOR_S
            return WorkerState(self.name, not (failing or self._hangs(now_s)), self.failures, self._last_failure)

    @property
    def pause_s(self) -> float:
        """How long to wait before it goes on: doubles with each failure in a row; half of it is random."""
        longest_s = min(PAUSE_FIRST_S * 2.0 ** min(self._in_a_row - 1, 16), PAUSE_MAX_S)
        return longest_s * random.uniform(0.5, 1.0)  # noqa: S311 - no secret

    def failed(self, error: BaseException) -> None:
        """Note that it, or one thing that it had in hand, failed for a reason that nobody foresaw."""
        with self._lock:
            self.failures += 1
            self._in_a_row += 1
            self._failed_at_s = self._elapsed_s()
            self._last_failure = type(error).__name__
        with suppress(Exception):  # standard error may be closed: no reason to end work
            log.error("work_failed", work=self.name, failures=self.failures, exc_info=error)

    @contextmanager
    def round(self) -> Iterator[None]:
        """One round of the work: when nothing failed in it, all is well."""
        before = self.failures
        self._seen()
        yield
        self._seen()
        with self._lock:
            if self.failures == before:
                self._in_a_row = 0

    @contextmanager
    def one(self, *foreseen: type[Exception]) -> Iterator[None]:
        """One thing among others: if it fails for a reason that nobody foresaw, the others go on."""
        try:
            yield
        except foreseen:
            raise
        except Exception as error:  # noqa: BLE001 - that is what this is for
            self.failed(error)

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it until cancelled."""
        while True:
            try:
                await work()
                self.failed(EndedByItself(self.name))
            except asyncio.CancelledError as error:
                if _is_cancelled():
                    raise
                self.failed(error)  # somebody cancelled what it waited for, not the work itself
            except Exception as error:  # noqa: BLE001 - told and counted
                self.failed(error)
            await asyncio.sleep(self.pause_s)

    def start_task(self, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """A task of the running loop that does it until cancelled."""
        return asyncio.create_task(self.run(work), name=self.name)

    def start_thread(self, work: Callable[[], None], stop: Event) -> Thread:
        """A thread that does it until it is asked to stop. ``work`` returns soon after that."""
        thread = Thread(target=self._keep_on, args=(work, stop), name=self.name, daemon=True)
        thread.start()
        return thread

    def start_timer(self, delay_s: float, work: Callable[[], None]) -> Timer:
        """A thread that does it once, after a while, unless it is cancelled."""
        timer = Timer(delay_s, self._once, (work,))
        timer.daemon = True
        timer.start()
        return timer

    def make_pool(self, threads: int, name: str, begin: Callable[[], None] = lambda: None) -> ThreadPoolExecutor:
        """Threads that do what they are handed. Whoever hands it over gets what it raises; each thing stands in
        ``handed``, so that what nobody foresaw is told here as well. Each thread does ``begin`` first."""
        return ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=begin)

    @contextmanager
    def handed(self, *foreseen: type[Exception]) -> Iterator[None]:
        """Around one thing that was handed to a pool."""
        with self.round():
            try:
                yield
            except foreseen:
                raise
            except BaseException as error:
                self.failed(error)
                raise

    def insist(self, work: Callable[[], None]) -> None:
        """Do what has to be done, if need be several times. What fails to the end was told each time."""
        for _attempt in range(INSIST_ATTEMPTS):
            before = self.failures
            with self.one():
                work()
            if self.failures == before:
                return
            time.sleep(self.pause_s)

    def _once(self, work: Callable[[], None]) -> None:
        with self.one():
            work()

    def _keep_on(self, work: Callable[[], None], stop: Event) -> None:
        while True:
            is_last = stop.is_set()
            try:
                work()
                if stop.is_set():
                    return
                self.failed(EndedByItself(self.name))
            except BaseException as error:  # noqa: BLE001 - even SystemExit would end a thread without a word
                self.failed(error)
            if is_last:
                return
            stop.wait(self.pause_s)

    def _seen(self) -> None:
        with self._lock:
            self._round_at_s = self._elapsed_s()

    def _hangs(self, now_s: float) -> bool:
        if self._silent_max_s is None or self._round_at_s is None:
            return False
        return now_s - self._round_at_s > self._silent_max_s


class Workers:
    """All long-running work of one process."""

    def __init__(self) -> None:
        self._workers: dict[str, Worker] = {}
        self._lock = Lock()

    def add(self, name: str, silent_max_s: float | None = None) -> Worker:
        """A piece of work; the one that is there, if its name is known."""
        with self._lock:
            return self._workers.setdefault(name, Worker(name, silent_max_s))

    def states(self) -> list[WorkerState]:
        """How each is, by name."""
        with self._lock:
            workers = sorted(self._workers.items())
        return [worker.state for _name, worker in workers]


def _is_cancelled() -> bool:
    task: asyncio.Task[Any] | None = asyncio.current_task()
    return task is None or task.cancelling() > 0
