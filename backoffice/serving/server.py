"""uvicorn, with our door and our patience."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from functools import partial
from typing import cast

import uvicorn
from fastapi import FastAPI

from backoffice.context import Context
from backoffice.serving.door import Door
from backoffice.serving.files import room_for_connections
from backoffice.serving.house import House
from backoffice.serving.notice import SILENT_MAX_S, Notice
from backoffice.serving.protocol import PatientProtocol
from backoffice.serving.turns import Turns
from backoffice.supervision import Worker

GRACEFUL_STOP_S = 5
KEEP_ALIVE_S = 75
HEAD_MAX_BYTES = 16 * 1024
"""Of a request's head, as far as it came before its end: browsers and machines send less than 2 KiB."""
LOOK_EVERY_TICKS = 10
"""uvicorn ticks ten times a second."""


class Server(uvicorn.Server):
    """One server process."""

    def __init__(
        self,
        config: uvicorn.Config,
        context: Context,
        listener: socket.socket,
        house: House,
        worker: Worker,
        tls: ssl.SSLContext | None,
    ) -> None:
        super().__init__(config)
        self._context = context
        self.house = house
        self._worker = worker
        self._listener = listener
        self._tls = tls

    @property
    def connections(self) -> Sequence[PatientProtocol]:
        """Those that speak HTTP by now."""
        return cast(Sequence[PatientProtocol], tuple(self.server_state.connections))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 (the door has its own)
        """Start the application, then open the door."""
        await super().startup(sockets=[])  # uvicorn listens to nothing itself
        make_protocol = partial(
            PatientProtocol,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
            turns=Turns(asyncio.get_running_loop()),
            worker=self._worker,
        )
        porter = self._context.workers.add("porter")
        door = Door(self._listener, self.house, make_protocol, self._worker, porter, self._tls)
        self.servers = [door]  # type: ignore[list-item]  # closed and waited for like asyncio's
        door.open()
        self._notice = Notice(self._context, door.lodge.tell)
        self._notice.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Nobody comes in any more; who is there is served to the end."""
        self._notice.stop()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections now and then."""
        if counter % LOOK_EVERY_TICKS == 0:
            with self._worker.round(), self._worker.one():  # what escaped from here would end the server
                self.look(asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    def look(self, now_s: float) -> None:
        """End the connections whose client was waited for long enough."""
        for connection in self.connections:
            connection.look(now_s)


def make_server(
    application: FastAPI,
    listener: socket.socket,
    *,
    tls: ssl.SSLContext | None = None,
    trusted_proxies: Sequence[str] = (),
    room: int | None = None,
) -> Server:
    """A server on a listening socket. Only trusted proxies are believed when they say for whom they ask."""
    config = uvicorn.Config(
        application,
        http=PatientProtocol,
        ws="none",
        h11_max_incomplete_event_size=HEAD_MAX_BYTES,
        loop="asyncio",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_graceful_shutdown=GRACEFUL_STOP_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    context: Context = application.state.context
    house = House(room or room_for_connections())
    context.honour = house.honour
    return Server(config, context, listener, house, context.workers.add("connections", SILENT_MAX_S), tls)
