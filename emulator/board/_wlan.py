# The seldom methods of network.WLAN.
import _link
from micropython import const

_WIFI = const(0x8F)
_STATUS = const(0)
_SIGNAL = const(4)


def status(_, what: str | None = None) -> int:  # type: ignore[no-untyped-def]
    return _link.call(_WIFI, _SIGNAL if what == "rssi" else _STATUS)


def ifconfig(station, settings: tuple | None = None) -> tuple:  # type: ignore[no-untyped-def]
    if station.isconnected():
        return ("192.168.4.2", "255.255.255.0", "192.168.4.1", "192.168.4.1")
    return ("0.0.0.0",) * 4  # noqa: S104 - what the port shows before it has an address


def scan(station) -> list:  # type: ignore[no-untyped-def]
    return []
