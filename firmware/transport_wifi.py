"""Reports over Wi-Fi: one HTTP POST to the back office's uplink address. The body is sealed, so HTTP needs no TLS."""

import asyncio
from http.client import HttpError, post

import network
from config import Config
from transport import Transport, TransportError

ASSOCIATE_MS = 20000
POLL_MS = 250
EXCHANGE_MS = 15000
CONTENT_TYPE = "application/cose"
OK = 200


class WifiTransport(Transport):
    """Station mode; associates when it has to, and stays associated."""

    name = "wifi"
    max_message_bytes = 4096

    def __init__(self, config: Config) -> None:
        self._config = config
        self._station = network.WLAN(network.WLAN.IF_STA)

    async def exchange(self, message: bytes) -> bytes:
        """One POST. Anything but a 200 with a body is no answer."""
        setting = self._config.setting
        host = setting("server_host")
        if not host:
            raise TransportError("no server is set")
        await self._associate()
        try:
            status, body = await post(
                host, setting("server_port"), setting("server_path"), message, CONTENT_TYPE, EXCHANGE_MS
            )
        except (OSError, HttpError, asyncio.TimeoutError) as error:
            raise TransportError("no answer: " + repr(error)) from None
        if status != OK:
            raise TransportError("the server said %d" % status)
        return body

    async def _associate(self) -> None:
        station = self._station
        if station.isconnected():
            return
        try:
            station.active(True)
            station.connect(self._config.setting("wifi_ssid"), self._config.setting("wifi_password"))
        except OSError as error:
            raise TransportError("Wi-Fi: " + repr(error)) from None
        for _ in range(ASSOCIATE_MS // POLL_MS):
            if station.isconnected():
                return
            await asyncio.sleep_ms(POLL_MS)
        station.disconnect()
        raise TransportError("Wi-Fi does not connect")
