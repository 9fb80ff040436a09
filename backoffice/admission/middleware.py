"""Admission: the middleware through which every request comes before it may use a thread or a connection.

Read the body, take a slot of the request's class (or wait in its line), serve, give the slot back. The slot is given
back when the work is done, not when the client has read the answer.
"""

import asyncio
from collections.abc import Callable, Mapping

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backoffice.admission import WAITS_IN_LINE
from backoffice.admission.body import Gone, hung_up, read_body, replay
from backoffice.admission.classes import CLASSES, LOGIN, LOGIN_KNOWN, RouteClass, class_of
from backoffice.admission.clients import client_of
from backoffice.admission.fair_line import FairLine
from backoffice.errors import BackOfficeError, Crowded, Unavailable
from backoffice.http_errors import shown

Lines = Mapping[str, FairLine]
DeviceOf = Callable[[HTTPConnection], str]


def open_lines() -> Lines:
    """The lines of all classes, by the class's name."""
    return {kind.name: FairLine(kind.bounds) for kind in CLASSES}


class Admission:
    """Middleware around the whole application.

    ``device_of`` names the device that somebody has got in with before, or nothing: at the log-in such a device is a
    client of its own in the line of its like, wherever it is, and strangers take only what their own line gives.
    """

    def __init__(self, app: ASGIApp, lines: Lines, device_of: DeviceOf) -> None:
        self.app = app
        self.lines = lines
        self.device_of = device_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        kind, client = self._who(scope)
        try:
            body = await read_body(scope, receive, kind.body_bytes)
            slot = await self._slot(kind, client, scope, receive)
        except Gone:
            return
        except BackOfficeError as error:
            await _refuse(kind, error, scope, receive, send)
            return
        try:
            await self.app(scope, replay(body, receive), slot.until_done(kind, send))
        finally:
            slot.give_back()

    def _who(self, scope: Scope) -> tuple[RouteClass, str]:
        """The class of the request, and who counts as its client."""
        kind = class_of(scope["method"], scope["path"])
        device = self.device_of(HTTPConnection(scope)) if kind is LOGIN else ""
        return (LOGIN_KNOWN, device) if device else (kind, client_of((scope.get("client") or ("",))[0]))

    async def _slot(self, kind: RouteClass, client: str, scope: Scope, receive: Receive) -> "Slot":
        line = self.lines[kind.name]
        place = line.join(client)
        if place is not None:
            scope[WAITS_IN_LINE] = True
            try:
                await _come_to_the_front(line, client, place, receive)
            finally:
                del scope[WAITS_IN_LINE]
        return Slot(line, client)


class Slot:
    """A slot that is taken."""

    def __init__(self, line: FairLine, client: str) -> None:
        self._line = line
        self._client = client
        self._taken = True

    def give_back(self) -> None:
        """Once, however often it is called."""
        if self._taken:
            self._taken = False
            self._line.leave(self._client)

    def until_done(self, kind: RouteClass, send: Send) -> Send:
        """A ``send`` that gives the slot back when the last of the answer is made, before it is sent."""
        held: list[Message] = []

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start" and not kind.streams:
                held.append(message)  # sending may have to wait for a slow reader: look first whether the work is done
                return
            if kind.streams or not message.get("more_body", False):
                self.give_back()
            while held:
                await send(held.pop())
            await send(message)

        return send_on


async def _come_to_the_front(line: FairLine, client: str, place: "asyncio.Future[None]", receive: Receive) -> None:
    """Wait for the slot. Raises Unavailable after the class's patience, Gone when nobody waits for the answer."""
    leaving = asyncio.ensure_future(hung_up(receive))
    try:
        await asyncio.wait((place, leaving), timeout=line.bounds.wait_s, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        line.give_up(client, place)
        raise
    finally:
        leaving.cancel()
    if place.done():
        place.result()
        return
    line.give_up(client, place)
    raise Gone if leaving.done() else Unavailable()


async def _refuse(kind: RouteClass, error: BackOfficeError, scope: Scope, receive: Receive, send: Send) -> None:
    if kind.machines and isinstance(error, Crowded):
        error = Unavailable()
    response = shown(Request(scope), error)  # the log of requests has a line for it: a flood is not a fault
    await response(scope, receive, send)
