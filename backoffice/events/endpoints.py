"""Live events as server-sent events (WHATWG HTML 9.2)."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.exc import DatabaseError
from sse_starlette import EventSourceResponse, ServerSentEvent

from backoffice.accounts.access import ViewerDep, optional_viewer
from backoffice.accounts.roles import Viewer
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.deps import BrokerDep, ContextDep
from backoffice.errors import BackOfficeError, Unavailable
from backoffice.events.broker import MOMENT_BYTES, Broker

PING_INTERVAL_S = 15
RETRY_MS = 3000
CHECK_INTERVAL_S = 10
"""So long at most a stream outlives its login, or shows what its viewer may no longer see."""

WhoNow = Callable[[], Viewer | None]

router = APIRouter(tags=["events"])


@router.get("/events", response_class=EventSourceResponse)
async def stream_events(
    request: Request,
    _viewer: ViewerDep,
    broker: BrokerDep,
    context: ContextDep,
    since: Annotated[str, Query(max_length=2 * MOMENT_BYTES)] = "",
) -> EventSourceResponse:
    """What happens, while it happens: one event a debit, report, alert ... of what the viewer may see.

    The event's name is its kind, its data is JSON. An event named ``missed`` says that the browser was too slow and
    should load the page again, or that something has happened ``since`` the moment at which its page was made. The
    stream ends when the login does.
    """
    if broker.full:
        raise Unavailable("too many pages are open: try again")
    return EventSourceResponse(_events(broker, lambda: _who_now(request, context), since), ping=PING_INTERVAL_S)


def _who_now(request: Request, context: Context) -> Viewer | None:
    """Who listens, as the database says now; None when the login has ended, or nobody can tell."""
    try:
        with transaction(context.engine, READ) as session:
            return optional_viewer(request, session, context.clock())
    except (BackOfficeError, DatabaseError):
        return None


async def _events(
    broker: Broker, who_now: WhoNow, since: str = "", check_interval_s: float = CHECK_INTERVAL_S
) -> AsyncIterator[ServerSentEvent]:
    loop = asyncio.get_running_loop()
    async with broker.subscribe() as subscription:
        yield ServerSentEvent(data="{}", event="hello", retry=RETRY_MS)
        if since and since != broker.moment:
            yield ServerSentEvent(data="{}", event="missed")
        told = 0
        viewer, check_at_s = await asyncio.to_thread(who_now), loop.time() + check_interval_s
        while viewer is not None:
            try:
                async with asyncio.timeout_at(check_at_s):
                    item = await subscription.next()
            except TimeoutError:
                viewer, check_at_s = await asyncio.to_thread(who_now), loop.time() + check_interval_s
                continue
            if item is None:
                return
            if subscription.missed > told:
                told = subscription.missed
                yield ServerSentEvent(data=json.dumps({"events": told}), event="missed")
            if viewer.sees(item.institution_id):
                yield ServerSentEvent(data=json.dumps(item.data), event=item.kind)
