"""What Wi-Fi and GPRS have in common: a connection to the server, TLS on it when the settings ask for it, HTTP on that,
several exchanges on one connection. Borrowed code.

The body is sealed in any case; TLS hides who reports, and when, from whoever listens on the way.
"""

import asyncio
from http.client import Http, HttpError

from borrowed import Borrowed
from micropython import const
from tls_pipe.errors import TlsError
from tls_pipe.plain import Plain
from transport import SEALED, Transport, TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tls_pipe.plain import Pipe
    from uplink import Uplink

_EXCHANGE_MS = const(60000)  # over GPRS a handshake is in it: a kilobyte, and several round trips of a second
_OK = const(200)
_IN_THE_WAY = const(("handshake", "closed"))  # of TlsError's codes: what is not about the certificate


class ServerTransport(Transport):
    """To be completed by whoever knows how to get a connection."""

    errors: "tuple[type[Exception], ...]" = (OSError,)  # that a connection raises

    def __init__(self, loop: "Uplink") -> None:
        self.loop = loop
        self.config = loop.config
        self._http: Http | None = None

    async def ready(self) -> None:
        """In the network."""
        raise NotImplementedError

    async def dial(self, host: str, port: int) -> "Pipe":
        """A connection. Raises what `errors` says."""
        raise NotImplementedError

    def trouble(self, error: Exception) -> TransportError:
        """One of `errors`, while a connection stood."""
        return TransportError("link_lost", repr(error))

    async def open(self) -> None:
        """In the network; the connection comes with the first exchange."""
        if not self.config.text("server_host"):
            raise TransportError("not_configured", "server_host")
        await self.ready()

    async def exchange(self, message: bytes) -> bytes:
        """One POST. Anything but a 200 with a body is no answer."""
        if self._http is None or not self._http.usable:
            await self.close()
            self._http = await self._connected()
        try:
            status, body = await self._http.post(self.config.text("server_path"), message, SEALED, _EXCHANGE_MS)
        except TlsError as error:
            raise _tls_trouble(error) from None
        except (HttpError, asyncio.TimeoutError) as error:
            raise TransportError("no_answer", repr(error)) from None
        except self.errors as error:
            raise self.trouble(error) from None
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
        except (TlsError, OSError):
            pass  # it is gone: that was the intention
        except self.errors:
            pass

    def drop(self) -> None:
        """The collector finds it."""
        self._http = None

    async def _connected(self) -> Http:
        host = self.config.text("server_host")
        try:
            pipe = await self.dial(host, self.config.number("server_port"))
        except self.errors as error:
            raise TransportError("no_server", repr(error)) from None
        if not self.config.flag("server_tls"):
            return Http(Plain(pipe), host)
        try:
            with Borrowed("server_tls") as code:
                return Http(await code.secured(self.loop, pipe), host)
        except TlsError as error:
            await pipe.close()
            raise _tls_trouble(error) from None


def _tls_trouble(error: TlsError) -> TransportError:
    return TransportError("no_answer" if error.code in _IN_THE_WAY else "bad_certificate", repr(error))
