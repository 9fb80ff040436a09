"""Reports over Wi-Fi: HTTP POSTs to the back office's uplink address. The body is sealed, so HTTP needs no TLS."""

import asyncio
from http.client import HttpError, post

import network
from config import Config
from micropython import const
from transport import SEALED, Transport, TransportError

_ASSOCIATE_MS = const(20000)
_POLL_MS = const(250)
_EXCHANGE_MS = const(15000)
_OK = const(200)


class WifiTransport(Transport):
    """Station mode; associates when it has to, and stays associated."""

    name = "wifi"
    max_bytes = 4096

    def __init__(self, config: Config) -> None:
        self._config = config
        self._station = network.WLAN(network.WLAN.IF_STA)

    async def open(self) -> None:
        """On the network."""
        if not self._config.text("server_host"):
            raise TransportError("not_configured", "server_host")
        await self._associate()

    async def close(self) -> None:
        """Stays associated."""

    async def exchange(self, message: bytes) -> bytes:
        """One POST. Anything but a 200 with a body is no answer."""
        config = self._config
        host = config.text("server_host")
        try:
            status, body = await post(
                host, config.number("server_port"), config.text("server_path"), message, SEALED, _EXCHANGE_MS
            )
        except (OSError, HttpError, asyncio.TimeoutError) as error:
            raise TransportError("no_answer", repr(error)) from None
        if status != _OK:
            raise TransportError("no_answer", "the server said %d" % status)
        return body

    async def _associate(self) -> None:
        station = self._station
        if station.isconnected():
            return
        try:
            station.active(True)
            station.connect(self._config.text("wifi_ssid"), self._config.text("wifi_password"))
        except OSError as error:
            raise TransportError("no_wifi", repr(error)) from None
        for _ in range(_ASSOCIATE_MS // _POLL_MS):
            if station.isconnected():
                return
            await asyncio.sleep_ms(_POLL_MS)
        station.disconnect()
        raise TransportError("no_wifi")


def make(loop: "Uplink") -> Transport:
    """The transport of this machine."""
    return WifiTransport(loop.config)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from uplink import Uplink
