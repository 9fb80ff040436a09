"""Whether the database answers, asked on a connection and a thread of its own.

The health check waits for nothing that requests wait for: not for a connection, a worker thread or the write lock
(readers of a WAL database never wait for writers). Many who ask at once share one question, and its answer for a
second; a question without an answer in time is an answer, too.
"""

import asyncio
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from threading import Lock

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from backoffice.errors import BackOfficeError
from backoffice.health import repository
from backoffice.supervision import Worker

FRESH_S = 1.0
PATIENCE_S = 2.0


class Pulse:
    """The last question and its answer."""

    def __init__(self, engine: Engine, worker: Worker) -> None:
        self._engine = engine
        self._worker = worker
        self._thread = worker.make_pool(1, "health")
        self._lock = Lock()
        self._asked: Future[bool] | None = None
        self._stale_at_s = 0.0

    async def beats(self) -> bool:
        """Whether the database answers a read now, or did so within the last second."""
        question = self._question()
        if question.done():
            return question.result()
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(question)), PATIENCE_S)
        except (TimeoutError, NotInTime):
            return False

    def wait_for_beat(self) -> bool:
        """The same for whoever is a thread."""
        try:
            return self._question().result(PATIENCE_S)
        except NotInTime:
            return False

    def close(self) -> None:
        """Ask no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _question(self) -> "Future[bool]":
        with self._lock:
            if self._asked is None or (self._asked.done() and time.monotonic() >= self._stale_at_s):
                self._asked = self._thread.submit(self._ask)
            return self._asked

    def _ask(self) -> bool:
        answers = False
        try:
            with self._worker.round(), self._worker.one(DatabaseError, BackOfficeError):
                repository.read_something(self._engine)
                answers = True
        except (DatabaseError, BackOfficeError):
            return False
        finally:
            self._stale_at_s = time.monotonic() + FRESH_S
        return answers
