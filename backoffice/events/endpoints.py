"""Live events as server-sent events (WHATWG HTML 9.2)."""

import json
from collections.abc import AsyncIterator

from fastapi import APIRouter
from sse_starlette import EventSourceResponse, ServerSentEvent

from backoffice.accounts.access import ViewerDep
from backoffice.accounts.roles import Viewer
from backoffice.deps import BrokerDep
from backoffice.errors import Unavailable
from backoffice.events.broker import Broker

PING_INTERVAL_S = 15
RETRY_MS = 3000

router = APIRouter(tags=["events"])


@router.get("/events", response_class=EventSourceResponse)
async def stream_events(viewer: ViewerDep, broker: BrokerDep) -> EventSourceResponse:
    """What happens, while it happens: one event a debit, report, alert ... of what the viewer may see.

    The event's name is its kind, its data is JSON. An event named ``missed`` says that the browser was too slow and
    should load the page again.
    """
    if broker.full:
        raise Unavailable("too many pages are open: try again")
    return EventSourceResponse(_events(broker, viewer), ping=PING_INTERVAL_S)


async def _events(broker: Broker, viewer: Viewer) -> AsyncIterator[ServerSentEvent]:
    async with broker.subscribe() as subscription:
        yield ServerSentEvent(data="{}", event="hello", retry=RETRY_MS)
        told = 0
        while (item := await subscription.next()) is not None:
            if subscription.missed > told:
                told = subscription.missed
                yield ServerSentEvent(data=json.dumps({"events": told}), event="missed")
            if viewer.sees(item.institution_id):
                yield ServerSentEvent(data=json.dumps(item.data), event=item.kind)
