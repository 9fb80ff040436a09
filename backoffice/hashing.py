"""Memory-hard hashing: one at a time, in a thread that steps back for all others.

A hash of a password or a PIN costs 64 MiB and 0.15 s of a core, on purpose. Whoever may ask for one without having
logged in could otherwise ask for forty at once. So there is one worker in the whole process: memory is bounded to one
hash, and the worker's priority to what others leave. How many may wait for it is said in one place: only who has a slot
(admission/classes.py) can ask, so a crowd of strangers puts three hashes before anybody else's, however large it is.

``tools/lint/slow_work.py`` sees to it that nothing is hashed past this line, nor inside a transaction.
"""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

from backoffice.errors import BackOfficeError, HashingBusy
from backoffice.supervision import Worker

PATIENCE_S = 10
"""So long at most a request waits for its hash; as many as there are slots take about four seconds."""
NICENESS = 5

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class HashingLine:
    """Where every password and PIN is hashed."""

    def __init__(self, worker: Worker, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._worker = worker
        self._thread = worker.make_pool(1, "hashing", _step_back)

    def do(self, work: Callable[Parameters, Result], *args: Parameters.args, **more: Parameters.kwargs) -> Result:
        """Do the work when its turn comes. Raises HashingBusy."""
        turn = self._thread.submit(self._hash, lambda: work(*args, **more))
        try:
            return turn.result(self._patience_s)
        except TimeoutError:
            turn.cancel()
            raise HashingBusy() from None

    def close(self) -> None:
        """Let the worker go once it has done its present work."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _hash(self, work: Callable[[], Result]) -> Result:
        with self._worker.handed(BackOfficeError):
            return work()


def _step_back() -> None:
    """On Linux a thread has a priority of its own, and those that argon2 starts inherit it.

    Where a sandbox forbids that, hashing goes on as it is: a pool whose beginning failed would be broken for ever.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
