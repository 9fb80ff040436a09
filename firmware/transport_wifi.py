"""Reports over the clinic's Wi-Fi. Borrowed code."""

import asyncio
import sys

from micropython import const
from server_transport import ServerTransport
from tls_pipe.sockets import open_socket
from transport import TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tls_pipe.plain import Pipe
    from uplink import Uplink

_CONNECT_MS = const(15000)

ERRORS = (OSError,)


async def dial(_loop: "Uplink", host: str, port: int) -> "Pipe":
    """A socket."""
    try:
        return await asyncio.wait_for_ms(open_socket(host, port), _CONNECT_MS)
    except asyncio.TimeoutError:
        raise OSError("no connection in time") from None


def trouble(error: Exception, otherwise: str) -> TransportError:
    """Sockets say little more than that it did not work."""
    return TransportError(otherwise, repr(error))


def make(loop: "Uplink") -> ServerTransport:
    """The transport of this machine."""
    return ServerTransport(loop, sys.modules[__name__])
