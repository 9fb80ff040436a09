"""Takes connections in, as the porter hands them in: each is counted before TLS has begun.

asyncio's own server counts nothing and lets half a TLS handshake stand for a minute. This one is closed and waited for
like an asyncio server, which is what uvicorn expects.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable

from backoffice import logs
from backoffice.admission.clients import client_of
from backoffice.serving.house import Guest, House
from backoffice.serving.lodge import Lodge
from backoffice.serving.protocol import PatientProtocol
from backoffice.supervision import Worker

log = logs.get(__name__)

RECEIVE_BYTES = 32 * 1024
"""What the kernel keeps (it doubles it) of what a client sends and nobody reads yet,"""
RECEIVE_FIRST_BYTES = 4 * 1024
"""and while it is not in yet."""
HANDSHAKE_S = 30
"""A modem's worst, and a small processor's arithmetic."""
TLS_FAREWELL_S = 5
PROBE_AFTER_S = 60
PROBE_EVERY_S = 15
PROBES = 4
UNACKNOWLEDGED_MS = 60_000


class Door:
    """A listening socket and the connections that came through it."""

    def __init__(
        self,
        listener: socket.socket,
        house: House,
        make_protocol: Callable[[], PatientProtocol],
        worker: Worker,
        porter: Worker,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._house = house
        self._make_protocol = make_protocol
        self._worker = worker
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._visits: set[asyncio.Task[None]] = set()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_FIRST_BYTES)  # connections inherit it
        self.lodge = Lodge(listener, self._let_in, porter)

    def open(self) -> None:
        """Take connections in from now on."""
        self.lodge.open()

    def close(self) -> None:
        """Take none in any more; those whose TLS has not begun yet are let go."""
        self.lodge.close()

    async def wait_closed(self) -> None:
        """Wait until everybody has left."""
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)
        await self.lodge.wait_closed()

    def _let_in(self, connection: socket.socket) -> None:
        try:
            self._take_in(connection, client_of(_host_of(connection)))
        except Exception as error:  # noqa: BLE001 - told and counted; the next one is taken in
            self._worker.failed(error)
            connection.close()

    def _take_in(self, connection: socket.socket, client: str) -> None:
        _watch_line(connection)
        visit = Visit(connection, self._make_protocol, self._worker)
        guest = Guest(client, visit.may_go, visit.end)
        if not self._house.take_in(guest):
            connection.close()
            return
        visit.task = self._loop.create_task(visit.run(self._tls))
        self._visits.add(visit.task)
        visit.task.add_done_callback(lambda task: self._over(task, visit, guest))

    def _over(self, task: "asyncio.Task[None]", visit: "Visit", guest: Guest) -> None:
        self._visits.discard(task)
        self._house.let_out(guest)
        visit.let_go()


class Visit:
    """One connection from its first byte to its last."""

    def __init__(self, connection: socket.socket, make_protocol: Callable[[], PatientProtocol], worker: Worker) -> None:
        self._connection = connection
        self._begun = False
        self._make_protocol = make_protocol
        self._worker = worker
        self._protocol: PatientProtocol | None = None
        self.task: asyncio.Task[None] | None = None

    def may_go(self) -> bool:
        """Whether nothing of ours is under way."""
        try:
            return self._protocol is None or self._protocol.may_go
        except Exception as error:  # noqa: BLE001 - else nobody new would come in while it stands there
            self._worker.failed(error)
            return True

    def end(self) -> None:
        """Give the place to somebody else."""
        if self._protocol is not None:
            self._protocol.transport.abort()
        elif self.task is not None:
            self.task.cancel()

    def let_go(self) -> None:
        """Close the connection if it ended before it began: nobody else holds it."""
        if not self._begun:
            self._connection.close()

    async def run(self, tls: ssl.SSLContext | None) -> None:
        """Speak TLS if need be, then HTTP, until the connection is lost."""
        limits = {"ssl_handshake_timeout": HANDSHAKE_S, "ssl_shutdown_timeout": TLS_FAREWELL_S} if tls else {}
        self._begun = True  # the connection is asyncio's from here on
        loop = asyncio.get_running_loop()
        try:
            _transport, self._protocol = await loop.connect_accepted_socket(
                self._make_protocol, self._connection, ssl=tls, **limits
            )
            await self._protocol.lost
        except OSError as error:  # TLS that went wrong or took too long, and a client that left meanwhile
            log.debug("connection_failed", reason=type(error).__name__)


def _host_of(connection: socket.socket) -> str:
    try:
        return str(connection.getpeername()[0])
    except OSError:  # it has hung up meanwhile, as will be noticed
        return ""


def _watch_line(connection: socket.socket) -> None:
    """Let the kernel find out that a client is no longer there."""
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, PROBE_AFTER_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_EVERY_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
