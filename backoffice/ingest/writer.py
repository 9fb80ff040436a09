"""The group-commit writer: one thread that takes what waits, stores it in one transaction, and answers all of it.

A durable commit costs one wait for the disk however many reports it holds, so the more reports wait, the more each
commit carries: the rate rises with the load. An ack is handed out only after the commit returned.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError

from sqlalchemy import Engine

from backoffice import logs
from backoffice.clock import Clock
from backoffice.db import transaction
from backoffice.errors import BackOfficeError, Unavailable
from backoffice.events.broker import Broker
from backoffice.ingest import careful, store, upkeep
from backoffice.ingest.blame import error_of, is_storage
from backoffice.ingest.incoming import Incoming
from backoffice.ingest.server_time import ServerTime
from backoffice.ingest.store import Stored
from backoffice.keyring import Keyring
from backoffice.supervision import Worker

log = logs.get(__name__)

QUEUE_REPORTS_MAX = 4096
GROUP_REPORTS_MAX = 256
ANSWER_TIMEOUT_S = 30
STOP_TIMEOUT_S = 30
UPKEEP_INTERVAL_S = 60
SILENT_MAX_S = 2 * UPKEEP_INTERVAL_S
"""It does a round each ``UPKEEP_INTERVAL_S`` at least, and waits for nothing longer than half of that."""

Job = tuple[Incoming, "Future[Stored]"]


class GroupWriter:
    """The only way into the journals. Its thread starts with the back office, or, where nobody serves, with the first
    report."""

    def __init__(self, engine: Engine, keyring: Keyring, broker: Broker, clock: Clock, worker: Worker) -> None:
        self._engine = engine
        self._keyring = keyring
        self._broker = broker
        self._time = ServerTime(engine, broker, clock)
        self._worker = worker
        self._queue: queue.Queue[Job | None] = queue.Queue(QUEUE_REPORTS_MAX)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    @property
    def healthy(self) -> bool:
        """False when the thread has ended although it should run, or fails again and again."""
        runs = self._thread is None or self._thread.is_alive()
        return runs and not self._stop.is_set() and self._worker.state.well

    @property
    def waiting(self) -> int:
        """Reports in line."""
        return self._queue.qsize()

    async def store(self, incoming: Incoming) -> Stored:
        """Store a report; what became of it, with the ack, when it is durable."""
        try:
            return await asyncio.wait_for(asyncio.wrap_future(self.submit(incoming)), ANSWER_TIMEOUT_S)
        except TimeoutError:
            raise Unavailable("the report was not stored in time: send it again") from None

    def submit(self, incoming: Incoming) -> "Future[Stored]":
        """Put a report in line."""
        future: Future[Stored] = Future()
        with self._lock:
            if self._stop.is_set():
                raise Unavailable("the back office is stopping: send the report again")
            self._start_thread()
            try:
                self._queue.put_nowait((incoming, future))
            except queue.Full:
                raise Unavailable("too many reports are waiting: send it again") from None
        return future

    def start(self) -> None:
        """Begin: there may be something to keep up although no report comes."""
        with self._lock:
            self._start_thread()

    def stop(self) -> None:
        """Store what waits, then end."""
        with self._lock:
            self._stop.set()
            thread = self._thread
        if thread is not None:
            self._queue.put(None)
            thread.join(STOP_TIMEOUT_S)

    def _start_thread(self) -> None:
        if self._thread is None:
            self._thread = self._worker.start_thread(self._run, self._stop)

    def _run(self) -> None:
        self.keep_up()  # something may have been left by a process before this one
        upkeep_at = time.monotonic() + UPKEEP_INTERVAL_S
        while (jobs := self._next_group()) is not None:
            with self._worker.round():
                if jobs:
                    self._store_or_tell(jobs)
                if time.monotonic() >= upkeep_at:
                    self.keep_up()
                    upkeep_at = time.monotonic() + UPKEEP_INTERVAL_S

    def keep_up(self) -> None:
        """Work out what was deferred, as far as it can be now."""
        upkeep.do(self._engine, self._broker, self._time.alone())

    def _store_or_tell(self, jobs: Sequence[Job]) -> None:
        """Whatever ends this thread: nobody waits in vain for what it had in hand."""
        try:
            self._store_group(jobs)
        except BaseException:
            for _incoming, future in jobs:
                if not future.done():
                    _settle(future, BackOfficeError())
            raise

    def _next_group(self) -> list[Job] | None:
        """Wait for a report, then take what else waits; empty when none came for a while, None at the end."""
        try:
            first = self._queue.get(timeout=UPKEEP_INTERVAL_S)
        except queue.Empty:
            return []
        if first is None:
            return None
        jobs = [first]
        while len(jobs) < GROUP_REPORTS_MAX:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._queue.put(None)  # stop asks once; found again after this group
                break
            jobs.append(job)
        return jobs

    def _store_group(self, jobs: Sequence[Job]) -> None:
        """All in one transaction. What fails is divided until it is clear which report it is; that one goes alone."""
        try:
            results = self._commit([incoming for incoming, _future in jobs])
        except Exception as error:  # noqa: BLE001 - a fault here must reach the senders, not end the thread
            self._divide(jobs, error)
        else:
            for (_incoming, future), result in zip(jobs, results, strict=True):
                _settle(future, result)

    def _commit(self, incomings: Sequence[Incoming]) -> list[Stored]:
        with transaction(self._engine, first=True) as session:
            time = self._time.look(session, incomings)
            return store.take_group(session, self._keyring, self._broker, incomings, time)

    def _divide(self, jobs: Sequence[Job], cause: Exception) -> None:
        """Halves, so that one report in the way costs a few transactions more, not one for each of the others."""
        if is_storage(cause):
            self._refuse(jobs, error_of(cause), cause)
        elif len(jobs) == 1:
            self._store_alone(jobs[0], cause)
        else:
            middle = len(jobs) // 2
            self._store_group(jobs[:middle])
            self._store_group(jobs[middle:])

    def _store_alone(self, job: Job, cause: Exception) -> None:
        """A report that is genuine is stored, whatever kept it from the ordinary way."""
        incoming, future = job
        log.error("report_taken_carefully", machine_id=incoming.machine_id, exc_info=cause)
        try:
            result = careful.take_alone(self._engine, self._keyring, self._broker, incoming, self._time.alone())
        except Exception as error:  # noqa: BLE001 - as above
            self._refuse([job], error_of(error), error)
        else:
            _settle(future, result)

    def _refuse(self, jobs: Sequence[Job], known: BackOfficeError, cause: Exception) -> None:
        log.error("reports_not_stored", reports=len(jobs), code=known.code, exc_info=cause)
        for _incoming, future in jobs:
            _settle(future, known)


def _settle(future: "Future[Stored]", result: Stored | BackOfficeError) -> None:
    try:
        if isinstance(result, BackOfficeError):
            future.set_exception(result)
        else:
            future.set_result(result)
    except InvalidStateError:
        log.info("sender_gone")  # it gave up waiting; it will send the report again
