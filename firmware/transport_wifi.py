"""Reports over the clinic's Wi-Fi: station mode, stays associated. Borrowed code."""

import asyncio
import sys

import network
from micropython import const
from server_transport import ServerTransport
from tls_pipe.sockets import open_socket
from transport import TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tls_pipe.plain import Pipe
    from uplink import Uplink

_ASSOCIATE_MS = const(20000)
_POLL_MS = const(250)
_CONNECT_MS = const(15000)
_WIFI = const("wifi")

ERRORS = (OSError,)


async def ready(loop: "Uplink") -> None:
    """Associated with the network of the settings. Those on trial have to show it: being in the same network from
    before, by an older password, proves nothing."""
    station = network.WLAN(network.WLAN.IF_STA)
    ssid = loop.config.text("wifi_ssid")
    if station.isconnected() and station.config("ssid") == ssid and _WIFI not in loop.links.forced:
        return
    try:
        station.active(True)
        station.disconnect()  # from the network of older settings
        station.connect(ssid, loop.config.text("wifi_password"))
    except OSError as error:
        raise TransportError("no_wifi", repr(error)) from None
    for _ in range(_ASSOCIATE_MS // _POLL_MS):
        if station.isconnected():
            return
        await asyncio.sleep_ms(_POLL_MS)
    station.disconnect()
    raise TransportError("no_wifi")


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
