"""In-process publish and subscribe: what happened, told to every open page.

Events say that something changed; the database says what is. A subscriber that is too slow loses the oldest events
and is told so (``missed``): a page then asks for itself again. Each event leads to a moment (``moment.py``), by which a
page knows what came after it was made. Publishing never waits and may be done from any thread.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from sqlalchemy import event
from sqlmodel import Session

from backoffice.events import seats
from backoffice.events.moment import Moment

BACKLOG_EVENTS = 256
PENDING_KEY = "perscan_events"


@dataclass(frozen=True)
class Event:
    """One thing that happened. ``kind`` is a stable word: debit, report, machine, alert, issuing ..."""

    kind: str
    data: dict[str, Any] = field(default_factory=dict)
    institution_id: int | None = None
    """Whose it is: users of other institutions do not see it. None: staff only."""


@dataclass(frozen=True)
class Told:
    """An event, and the moment that it led to."""

    event: Event
    moment: Moment


class Subscription:
    """One listener's bounded queue.

    It hears everything after the moment ``begun_at``; ``user_id`` and ``login`` (``login_key.py``) say whose it is.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, begun_at: Moment, user_id: int = 0, login: str = "") -> None:
        self.loop = loop
        self.begun_at = begun_at
        self.user_id = user_id
        self.login = login
        self.missed = 0
        self._queue: asyncio.Queue[Told | None] = asyncio.Queue(BACKLOG_EVENTS)

    def offer(self, item: Told | None) -> None:
        """Put an event in line; runs in the listener's loop."""
        if self._queue.full():
            self._queue.get_nowait()
            self.missed += 1
        self._queue.put_nowait(item)

    def hand(self, item: Told | None) -> None:
        """Offer it from any thread. A listener whose loop has ended hears nothing any more, and is in nobody's way."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.offer, item)

    async def next(self) -> Told | None:
        """The next event; None when the broker closes."""
        return await self._queue.get()


class Broker:
    """All listeners of one process."""

    def __init__(self) -> None:
        self._subscriptions: dict[Subscription, None] = {}  # from the oldest to the newest
        self._lock = Lock()
        self._closed = False
        self.moment = Moment(secrets.token_bytes(16))
        """Now. Another object after every event: read it before the first query whose answer it shall date."""

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._subscriptions)

    def make_room(self, user_id: int) -> None:
        """Before a user begins to listen: another one may have to end. Raises Crowded, Unavailable."""
        with self._lock:
            leaving = seats.who_gives_way(list(self._subscriptions), user_id)
            if leaving is not None:
                del self._subscriptions[leaving]
                leaving.hand(None)

    @asynccontextmanager
    async def subscribe(self, user_id: int = 0, login: str = "") -> AsyncIterator[Subscription]:
        """Listen while the block runs; ``make_room`` before it."""
        with self._lock:
            subscription = Subscription(asyncio.get_running_loop(), self.moment, user_id, login)
            if self._closed or seats.has_enough(list(self._subscriptions), user_id):  # many may ask at once
                subscription.offer(None)
            else:
                self._subscriptions[subscription] = None
        try:
            yield subscription
        finally:
            with self._lock:
                self._subscriptions.pop(subscription, None)

    def publish(self, events: Iterable[Event]) -> None:
        """Tell every listener."""
        with self._lock:
            for item in events:
                self.moment = self.moment.after(item.institution_id)
                told = Told(item, self.moment)
                for subscription in self._subscriptions:
                    subscription.hand(told)

    def hang_up(self, login: str | None = None) -> None:
        """End every listener's stream, or those of one login; open pages connect again by themselves if they may."""
        with self._lock:
            for subscription in self._subscriptions:
                if login in (None, subscription.login):
                    subscription.hand(None)

    def hang_up_after_commit(self, session: Session, login: str) -> None:
        """End the streams of a login as soon as its end is durable; programs with a token have none ("")."""
        if login:
            event.listen(session, "after_commit", lambda _session: self.hang_up(login), once=True)

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
