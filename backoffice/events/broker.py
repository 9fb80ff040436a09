"""In-process publish and subscribe: what happened, told to every open page.

Events say that something changed; the database says what is. A subscriber that is too slow loses the oldest events
and is told so (``missed``): a page then reloads. So is one that began to listen after something had happened since its
page was made (``moment``). Publishing never waits and may be done from any thread.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from threading import Lock
from typing import Any

from sqlalchemy import event
from sqlmodel import Session

SUBSCRIBERS_MAX = 200
BACKLOG_EVENTS = 256
PENDING_KEY = "perscan_events"
MOMENT_BYTES = 8


@dataclass(frozen=True)
class Event:
    """One thing that happened. ``kind`` is a stable word: debit, report, machine, alert, issuing ..."""

    kind: str
    data: dict[str, Any] = field(default_factory=dict)
    institution_id: int | None = None
    """Whose it is: users of other institutions do not see it. None: staff only."""


class Subscription:
    """One listener's bounded queue."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.missed = 0
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(BACKLOG_EVENTS)

    def offer(self, item: Event | None) -> None:
        """Put an event in line; runs in the listener's loop."""
        if self._queue.full():
            self._queue.get_nowait()
            self.missed += 1
        self._queue.put_nowait(item)

    async def next(self) -> Event | None:
        """The next event; None when the broker closes."""
        return await self._queue.get()


class Broker:
    """All listeners of one process."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._lock = Lock()
        self._closed = False
        self._published = 0
        self._key = secrets.token_bytes(16)

    @property
    def full(self) -> bool:
        """True when no more listeners are taken."""
        return len(self._subscriptions) >= SUBSCRIBERS_MAX

    @property
    def moment(self) -> str:
        """Another one after every event. Opaque: how much happens is not everybody's business."""
        return blake2b(self._published.to_bytes(8, "big"), key=self._key, digest_size=MOMENT_BYTES).hexdigest()

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Subscription]:
        """Listen while the block runs."""
        subscription = Subscription(asyncio.get_running_loop())
        with self._lock:
            self._subscriptions.add(subscription)
            if self._closed:
                subscription.offer(None)
        try:
            yield subscription
        finally:
            with self._lock:
                self._subscriptions.discard(subscription)

    def publish(self, events: Iterable[Event]) -> None:
        """Tell every listener."""
        events = list(events)
        with self._lock:
            self._published += len(events)
            for subscription in self._subscriptions:
                for item in events:
                    subscription.loop.call_soon_threadsafe(subscription.offer, item)

    def hang_up(self) -> None:
        """End every listener's stream; open pages connect again by themselves."""
        with self._lock:
            for subscription in self._subscriptions:
                subscription.loop.call_soon_threadsafe(subscription.offer, None)

    def close(self) -> None:
        """End every stream, also those that begin from now on, so that the server can stop."""
        with self._lock:
            self._closed = True
        self.hang_up()

    def publish_after_commit(self, session: Session, *events: Event) -> None:
        """Tell every listener once the session's transaction is durable; never when it is rolled back."""
        pending: list[Event] | None = session.info.get(PENDING_KEY)
        if pending is None:
            pending = session.info[PENDING_KEY] = []
            event.listen(session, "after_commit", lambda _session: self.publish(_take(session)))
            event.listen(session, "after_rollback", lambda _session: _take(session))
        pending.extend(events)


def _take(session: Session) -> list[Event]:
    pending: list[Event] = session.info[PENDING_KEY]
    taken = pending[:]
    pending.clear()
    return taken
