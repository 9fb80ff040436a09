"""The stream that tells an open page that something has changed. It says what kind of thing, never what it is."""

import json
from collections.abc import AsyncIterator

from fastapi import APIRouter
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from backoffice.accounts.access import ViewerDep
from backoffice.accounts.roles import Viewer
from backoffice.deps import BrokerDep
from backoffice.errors import Unavailable
from backoffice.events.broker import Broker

router = APIRouter(include_in_schema=False)

STREAM_MAX_S = 900
"""A stream ends after a quarter of an hour and the browser asks again: so a login that was ended is noticed."""
PING_S = 15
RETRY_MS = 2_000


@router.get("/events")
async def events(viewer: ViewerDep, broker: BrokerDep) -> Response:
    if broker.full:
        raise Unavailable("too many pages are open")
    return EventSourceResponse(_stream(viewer, broker), ping=PING_S, send_timeout=PING_S)


async def _stream(viewer: Viewer, broker: Broker) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(comment="open", retry=RETRY_MS)
    async with broker.subscribe() as subscription:
        seen = 0
        while True:
            event = await subscription.next(STREAM_MAX_S)
            if event is None:
                return
            if subscription.missed > seen:
                seen = subscription.missed
                yield ServerSentEvent(event="missed", data="{}")
            if viewer.sees(event.institution_id):
                yield ServerSentEvent(event=event.kind, data=json.dumps({"kind": event.kind}))
