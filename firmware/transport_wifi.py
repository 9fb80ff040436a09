"""Reports over Wi-Fi: one HTTP POST to the back office's uplink address. The body is sealed, so HTTP needs no TLS."""

import asyncio
from http.client import HttpError, post

import network
from config import Config
from micropython import const
from transport import Transport, TransportError

_ASSOCIATE_MS = const(20000)
_POLL_MS = const(250)
_EXCHANGE_MS = const(15000)
_CONTENT_TYPE = "application/cose"
_OK = const(200)


class WifiTransport(Transport):
    """Station mode; associates when it has to, and stays associated."""

    name = "wifi"

    def __init__(self, config: Config) -> None:
        self._config = config
        self._station = network.WLAN(network.WLAN.IF_STA)

    async def exchange(self, message: bytes) -> bytes:
        """One POST. Anything but a 200 with a body is no answer."""
        config = self._config
        host = config.text("server_host")
        if not host:
            raise TransportError("no server is set")
        await self._associate()
        try:
            status, body = await post(
                host, config.number("server_port"), config.text("server_path"), message, _CONTENT_TYPE, _EXCHANGE_MS
            )
        except (OSError, HttpError, asyncio.TimeoutError) as error:
            raise TransportError("no answer: " + repr(error)) from None
        if status != _OK:
            raise TransportError("the server said %d" % status)
        return body

    async def _associate(self) -> None:
        station = self._station
        if station.isconnected():
            return
        try:
            station.active(True)
            station.connect(self._config.text("wifi_ssid"), self._config.text("wifi_password"))
        except OSError as error:
            raise TransportError("Wi-Fi: " + repr(error)) from None
        for _ in range(_ASSOCIATE_MS // _POLL_MS):
            if station.isconnected():
                return
            await asyncio.sleep_ms(_POLL_MS)
        station.disconnect()
        raise TransportError("Wi-Fi does not connect")


def make(config: Config) -> Transport:
    """The transport of this machine."""
    return WifiTransport(config)
