"""Into the clinic's Wi-Fi: station mode, stays associated. Borrowed code."""

import asyncio

import network
from micropython import const
from transport import TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from uplink import Uplink

_ASSOCIATE_MS = const(20000)
_POLL_MS = const(250)
_WIFI = const("wifi")


async def ready(loop: "Uplink") -> None:
    """Associated with the network of the settings. Those on trial have to show it: being in the same network from
    before, by an older password, proves nothing."""
    if not loop.config.text("server_host"):
        raise TransportError("not_configured", "server_host")
    station = network.WLAN(network.WLAN.IF_STA)
    ssid = loop.config.text("wifi_ssid")
    if station.isconnected() and station.config("ssid") == ssid and _WIFI not in loop.links.forced:
        return
    loop.station = station
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
