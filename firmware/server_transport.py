"""What Wi-Fi and GPRS have in common: a connection to the server, TLS on it when the settings ask for it, HTTP on that,
several exchanges on one connection. Borrowed code.

The body is sealed in any case; TLS hides who reports, and when, from whoever listens on the way.
"""

import asyncio
from http.client import Http, HttpError

from borrowed import in_turns
from micropython import const
from tls_pipe.errors import TlsError
from tls_pipe.plain import Plain
from transport import SEALED, TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from tls_pipe.plain import Pipe
    from uplink import Uplink

    class Way(Protocol):
        """The module that knows how to get a connection."""

        ERRORS: tuple[type[Exception], ...]  # that a connection raises

        async def dial(self, loop: Uplink, host: str, port: int) -> Pipe:
            """A connection. Raises ERRORS."""

        def trouble(self, error: Exception, otherwise: str) -> TransportError:
            """What one of ERRORS means."""


_EXCHANGE_MS = const(60000)  # over GPRS a handshake is in it: a kilobyte, and several round trips of a second
_OK = const(200)
_IN_THE_WAY = const(("handshake", "closed"))  # of TlsError's codes: what is not about the certificate


class ServerTransport:
    """To the server of the settings, by one way."""

    def __init__(self, loop: "Uplink", way: "Way") -> None:
        self._loop = loop
        self._way = way
        self._http: Http | None = None

    async def exchange(self, message: bytes) -> bytes:
        """One POST. Anything but a 200 with a body is no answer."""
        if self._http is None or not self._http.usable:
            await self.close()
            self._http = await self._connected()
        try:
            status, body = await self._http.post(self._loop.config.text("server_path"), message, SEALED, _EXCHANGE_MS)
        except TlsError as error:
            raise _tls_trouble(error) from None
        except (HttpError, asyncio.TimeoutError) as error:
            raise TransportError("no_answer", repr(error)) from None
        except self._way.ERRORS as error:
            raise self._way.trouble(error, "link_lost") from None
        if status != _OK:
            raise TransportError("no_answer", "the server said %d" % status)
        return body

    async def close(self) -> None:
        """The connection; the network may be kept for the next one."""
        http, self._http = self._http, None
        if http is None:
            return
        try:
            await http.close()
        except TlsError:
            pass  # it is gone: that was the intention
        except self._way.ERRORS:
            pass

    def drop(self) -> None:
        """The collector finds it."""
        self._http = None

    async def _connected(self) -> Http:
        config = self._loop.config
        host = config.text("server_host")
        if config.flag("server_tls"):
            await self._await_quiet()  # before there is a connection: a server does not wait for one that says nothing
        try:
            pipe = await self._way.dial(self._loop, host, config.number("server_port"))
        except self._way.ERRORS as error:
            raise self._way.trouble(error, "no_server") from None
        return Http(await self._protected(pipe) if config.flag("server_tls") else Plain(pipe), host)

    # Functions of their own, so that no variable keeps the code that was given back.

    async def _await_quiet(self) -> None:
        with await in_turns("quiet_moment") as code:
            await code.quiet(self._loop)

    async def _protected(self, pipe: "Pipe") -> Plain:
        try:
            with await in_turns("server_tls") as code:
                protected: Plain = await code.secured(self._loop, pipe)
                return protected
        except TlsError as error:
            await pipe.close()
            raise _tls_trouble(error) from None
        except MemoryError:
            await pipe.close()  # or the modem would keep it until the next connection
            raise


def _tls_trouble(error: TlsError) -> TransportError:
    return TransportError("no_answer" if error.code in _IN_THE_WAY else "bad_certificate", repr(error))
