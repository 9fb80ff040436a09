"""The authority's session: while it is open, the master secret is in memory; then it is wiped."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock, Timer

from backoffice.authority.secret import Secret
from backoffice.clock import Clock
from backoffice.errors import AuthorityClosed
from backoffice.supervision import Worker

LIFETIME_S = 15 * 60


@dataclass(frozen=True)
class Authority:
    """What an open session can do its work with."""

    master_id: int
    authority_key: bytes
    secret: Secret
    user_id: int
    opened_at: int
    closes_at: int


class AuthorityRoom:
    """Holds at most one open session. It belongs to the user who presented the card, and ends by itself."""

    def __init__(self, clock: Clock, worker: Worker, lifetime_s: int = LIFETIME_S) -> None:
        self._clock = clock
        self._worker = worker
        self._lifetime_s = lifetime_s
        self._lock = RLock()
        self._open: Authority | None = None
        self._timer: Timer | None = None

    def open(self, master_id: int, authority_key: bytes, secret: Secret, user_id: int) -> Authority:
        """Start a session; an older one is closed first."""
        with self._lock:
            self.close()
            now = self._clock()
            self._open = Authority(master_id, authority_key, secret, user_id, now, now + self._lifetime_s)
            opened = self._open
            self._timer = self._worker.start_timer(self._lifetime_s, lambda: self._close_this(opened))
            return self._open

    @contextmanager
    def use(self, user_id: int) -> Iterator[Authority]:
        """The open session of this user, kept open while the block runs. Raises AuthorityClosed.

        Everybody who looks whether a session is open waits for the end of the block: in it one computes, and waits for
        no device and no transaction (tools/lint/slow_work.py).
        """
        with self._lock:
            authority = self.present()
            if authority is None or authority.user_id != user_id:
                raise AuthorityClosed()
            yield authority

    def present(self) -> Authority | None:
        """The open session, if its time is not over."""
        with self._lock:
            if self._open is not None and self._clock() >= self._open.closes_at:
                self.close()
            return self._open

    def close(self) -> None:
        """End the session and wipe the secret."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._open is not None:
                self._open.secret.wipe()
            self._open = self._timer = None

    def _close_this(self, authority: Authority) -> None:
        with self._lock:
            if self._open is authority:
                self.close()
