"""Reports over the clinic's Wi-Fi. Borrowed code."""

import asyncio

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


class WifiTransport(ServerTransport):
    """Station mode; associates when it has to, and stays associated."""

    async def ready(self) -> None:
        """Associated with the network of the settings."""
        station = network.WLAN(network.WLAN.IF_STA)
        ssid = self.config.text("wifi_ssid")
        if station.isconnected() and station.config("ssid") == ssid:
            return
        try:
            station.active(True)
            station.disconnect()  # from the network of older settings
            station.connect(ssid, self.config.text("wifi_password"))
        except OSError as error:
            raise TransportError("no_wifi", repr(error)) from None
        for _ in range(_ASSOCIATE_MS // _POLL_MS):
            if station.isconnected():
                return
            await asyncio.sleep_ms(_POLL_MS)
        station.disconnect()
        raise TransportError("no_wifi")

    async def dial(self, host: str, port: int) -> "Pipe":
        """A socket."""
        try:
            return await asyncio.wait_for_ms(open_socket(host, port), _CONNECT_MS)
        except asyncio.TimeoutError:
            raise OSError("no connection in time") from None


def make(loop: "Uplink") -> WifiTransport:
    """The transport of this machine."""
    return WifiTransport(loop)
