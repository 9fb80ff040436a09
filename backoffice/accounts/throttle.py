"""Slows down guessing of passwords. In memory: a restart forgets it, which costs an attacker more than it gives."""

from collections import OrderedDict
from threading import Lock

from backoffice.errors import TooManyAttempts

FREE_ATTEMPTS = 5
WINDOW_S = 300
NAMES_KEPT = 10_000


class Throttle:
    """Counts failures by name (a login or an address) in a window of time."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._lock = Lock()

    def check(self, name: str, now: int) -> None:
        """Raise TooManyAttempts when this name failed too often lately."""
        with self._lock:
            count, since = self._failures.get(name, (0, now))
        wait_s = since + WINDOW_S - now
        if count >= FREE_ATTEMPTS and wait_s > 0:
            raise TooManyAttempts(retry_after_s=wait_s)

    def failed(self, name: str, now: int) -> None:
        """Count a failure."""
        with self._lock:
            count, since = self._failures.pop(name, (0, now))
            self._failures[name] = (1, now) if now >= since + WINDOW_S else (count + 1, since)
            if len(self._failures) > NAMES_KEPT:
                self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forget the failures of a name."""
        with self._lock:
            self._failures.pop(name, None)
