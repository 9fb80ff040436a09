"""Live events as server-sent events (WHATWG HTML 9.2)."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import Query, Request
from sqlalchemy.exc import DatabaseError
from sse_starlette import EventSourceResponse, ServerSentEvent

from backoffice.accounts.access import ViewerDep, identify
from backoffice.accounts.roles import Viewer
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.deps import BrokerDep, ContextDep
from backoffice.errors import BackOfficeError, NotLoggedIn
from backoffice.events.broker import Broker
from backoffice.events.login_key import LOGIN_KEY_CHARS, login_key
from backoffice.events.moment import MOMENT_MAX_CHARS, Moment
from backoffice.routing import Router

RETRY_MS = 3000
CHECK_INTERVAL_S = 10.0
"""So long at most a stream outlives its login, or shows what its viewer may no longer see; and so often it says that
it lives."""
SPREAD_MS_PER_LISTENER = 100
SPREAD_MAX_MS = 10_000
"""All pages together ask about ten times a second, however many are open: what a server of two cores makes beside its
reports."""
"""One event moves every open page: they ask for themselves again within this time, not all at once."""

WhoNow = Callable[[], Viewer | None]

router = Router(tags=["events"])


@router.get("/events", response_class=EventSourceResponse)
async def stream_events(
    request: Request,
    viewer: ViewerDep,
    broker: BrokerDep,
    context: ContextDep,
    since: Annotated[str, Query(max_length=MOMENT_MAX_CHARS)] = "",
    login: Annotated[str, Query(max_length=LOGIN_KEY_CHARS)] = "",
) -> EventSourceResponse:
    """What happens, while it happens: one event a debit, report, alert ... of what the viewer may see.

    The event's name is its kind, its data is JSON, its id the moment that it led to. The first is named ``hello``;
    ``ping`` says every ten seconds that the stream lives. One named ``missed`` says that the browser was too slow and
    should load the page again, or that something has happened ``since`` the moment at which its page was made. The
    stream ends when the login does; with ``login`` it is refused to any other login than the page's.
    """
    own_login = login_key(request)
    if login and login != own_login:
        raise NotLoggedIn("this page belongs to another login")
    broker.make_room(viewer.user_id)
    return EventSourceResponse(_events(broker, viewer, lambda: _who_now(request, context), own_login, since), ping=0)


def _who_now(request: Request, context: Context) -> Viewer | None:
    """Who listens, as the database says now; None when the login has ended, or nobody can tell."""
    try:
        with transaction(context.database.background, READ) as session:
            return identify(request, session, context.clock())
    except (BackOfficeError, DatabaseError):
        return None


async def _events(
    broker: Broker,
    viewer: Viewer,
    who_now: WhoNow,
    login: str = "",
    since: str = "",
    check_interval_s: float = CHECK_INTERVAL_S,
) -> AsyncIterator[ServerSentEvent]:
    loop = asyncio.get_running_loop()
    async with broker.subscribe(viewer.user_id, login) as subscription:
        moment, told = subscription.begun_at, 0
        yield _message("hello", moment, viewer, _sign_of_life(broker, check_interval_s), retry=RETRY_MS)
        if since and since != moment.seen_by(viewer):
            yield _message("missed", moment, viewer, {})
        check_at_s = loop.time() + check_interval_s
        while True:
            try:
                async with asyncio.timeout_at(check_at_s):
                    item = await subscription.next()
            except TimeoutError:
                now = await asyncio.to_thread(who_now)
                if now is None:
                    return
                viewer, check_at_s = now, loop.time() + check_interval_s
                yield _message("ping", moment, viewer, _sign_of_life(broker, check_interval_s))
                continue
            if item is None:
                return
            moment = item.moment
            if subscription.missed > told:
                told = subscription.missed
                yield _message("missed", moment, viewer, {"events": told})
            if viewer.sees(item.event.institution_id):
                yield _message(item.event.kind, moment, viewer, item.event.data)


def _sign_of_life(broker: Broker, check_interval_s: float) -> dict[str, int]:
    """When the next one is due, and over which time a page spreads what an event makes it do."""
    spread_ms = min(broker.listeners * SPREAD_MS_PER_LISTENER, SPREAD_MAX_MS)
    return {"ping_ms": round(check_interval_s * 1000), "spread_ms": spread_ms}


def _message(
    kind: str, moment: Moment, viewer: Viewer, data: dict[str, Any], retry: int | None = None
) -> ServerSentEvent:
    return ServerSentEvent(data=json.dumps(data), event=kind, id=moment.seen_by(viewer), retry=retry)
