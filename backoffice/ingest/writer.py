"""The group-commit writer: one thread that takes what waits, stores it in one transaction, and answers all of it.

A durable commit costs one wait for the disk however many reports it holds, so the more reports wait, the more each
commit carries: the rate rises with the load. An ack is handed out only after the commit returned.
"""

import asyncio
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from backoffice import logs
from backoffice.clock import Clock
from backoffice.db import storage_error, transaction
from backoffice.errors import BackOfficeError, StorageFailed, StorageFull, Unavailable
from backoffice.events.broker import Broker
from backoffice.ingest import store
from backoffice.ingest.incoming import Incoming
from backoffice.ingest.store import Stored

log = logs.get(__name__)

QUEUE_REPORTS_MAX = 4096
GROUP_REPORTS_MAX = 256
ANSWER_TIMEOUT_S = 30
STOP_TIMEOUT_S = 30
NOBODYS_FAULT = (StorageFull, StorageFailed, Unavailable)
"""Errors that no single report causes: trying them one by one would help nobody."""

Job = tuple[Incoming, "Future[Stored]"]


class GroupWriter:
    """The only way into the journals. Its thread starts with the first report."""

    def __init__(self, engine: Engine, broker: Broker, clock: Clock) -> None:
        self._engine = engine
        self._broker = broker
        self._clock = clock
        self._queue: queue.Queue[Job | None] = queue.Queue(QUEUE_REPORTS_MAX)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = False

    @property
    def healthy(self) -> bool:
        """False when the thread has ended although it should run."""
        return not self._stopped and (self._thread is None or self._thread.is_alive())

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
            if self._stopped:
                raise Unavailable("the back office is stopping: send the report again")
            self._start()
            try:
                self._queue.put_nowait((incoming, future))
            except queue.Full:
                raise Unavailable("too many reports are waiting: send it again") from None
        return future

    def stop(self) -> None:
        """Store what waits, then end."""
        with self._lock:
            self._stopped = True
            thread = self._thread
        if thread is not None:
            self._queue.put(None)
            thread.join(STOP_TIMEOUT_S)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="ingest-writer", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (jobs := self._next_group()) is not None:
            self._store_group(jobs)

    def _next_group(self) -> list[Job] | None:
        """Wait for a report, then take what else waits; None at the end."""
        first = self._queue.get()
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
        """All in one transaction. If one report makes it fail, each gets a transaction of its own."""
        try:
            results = self._commit([incoming for incoming, _future in jobs])
        except DatabaseError as error:
            self._fail_or_split(jobs, storage_error(error), error)
        except BackOfficeError as error:
            self._fail_or_split(jobs, error, error)
        except Exception as error:  # noqa: BLE001 - a fault here must reach the senders, not end the thread
            self._fail_or_split(jobs, BackOfficeError(), error)
        else:
            for (_incoming, future), result in zip(jobs, results, strict=True):
                _settle(future, result)

    def _commit(self, incomings: Sequence[Incoming]) -> list[Stored]:
        with transaction(self._engine) as session:
            return store.take_group(session, self._broker, incomings, self._clock())

    def _fail_or_split(self, jobs: Sequence[Job], known: BackOfficeError, cause: Exception) -> None:
        if len(jobs) > 1 and not isinstance(known, NOBODYS_FAULT):
            for job in jobs:
                self._store_group([job])
            return
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
