# The seldom methods of network.WLAN.
import _link
import network
from micropython import const

_WIFI = const(0x8F)
_STATUS = const(0)
_ACTIVATE = const(1)
_DISCONNECT = const(3)
_SIGNAL = const(4)
_INITIALISE = const(5)
# What config() knows of a station, and what of an access point alone (network_wlan.c, network_wlan_config).
_STATION = ("mac", "channel", "bandwidth", "hostname", "dhcp_hostname", "reconnects", "txpower", "protocol", "pm")
_ACCESS_POINT = ("ssid", "essid", "hidden", "security", "authmode", "key", "password", "max_clients")


def make(id: int) -> None:
    if id == network.WLAN.IF_AP:
        raise NotImplementedError("the emulated board has no access point")
    if id != network.WLAN.IF_STA:
        raise ValueError("invalid WLAN interface identifier")
    _link.call(_WIFI, _INITIALISE)  # the driver's buffers are taken here, and never given back before a reset


def active(_, on: object = None) -> bool:  # type: ignore[no-untyped-def]
    if on is not None:
        network._active = bool(on)  # type: ignore[attr-defined]
        _link.call(_WIFI, _ACTIVATE, b"\x01" if on else b"\x00")
    return network._active  # type: ignore[attr-defined]


def disconnect(_) -> None:  # type: ignore[no-untyped-def]
    if not network._active:  # type: ignore[attr-defined]
        raise OSError("Wifi Not Started")
    _link.call(_WIFI, _DISCONNECT)


def status(station, what: str | None = None) -> int:  # type: ignore[no-untyped-def]
    if what is None:
        return _link.call(_WIFI, _STATUS)
    if what == "stations":
        raise OSError("AP required")
    if what != "rssi":
        raise ValueError("unknown status param")
    if not station.isconnected():
        raise OSError("Wifi Not Connected")
    return _link.call(_WIFI, _SIGNAL)


def config(_, *what: str, **settings: object) -> object:  # type: ignore[no-untyped-def]
    for name in settings:
        if name in _ACCESS_POINT:
            raise OSError("AP required")
        if name not in _STATION:
            raise ValueError("unknown config param")
    if settings:
        if what:
            raise TypeError("either pos or kw args are allowed")
        return None
    if len(what) != 1:
        raise TypeError("can query only one param")
    if what[0] == "mac":
        return _link.unique_id
    if what[0] in ("ssid", "essid"):
        return network._ssid  # type: ignore[attr-defined]
    if what[0] in _ACCESS_POINT and what[0] not in ("key", "password"):
        raise OSError("AP required")
    if what[0] in _STATION:
        raise NotImplementedError("the emulated station does not tell its " + what[0])
    raise ValueError("unknown config param")


def ifconfig(station, settings: tuple | None = None) -> tuple:  # type: ignore[no-untyped-def]
    if station.isconnected():
        return ("192.168.4.2", "255.255.255.0", "192.168.4.1", "192.168.4.1")
    return ("0.0.0.0",) * 4  # noqa: S104 - what the port shows before it has an address


def scan(station) -> list:  # type: ignore[no-untyped-def]
    if not network._active:  # type: ignore[attr-defined]
        raise OSError("STA must be active")
    return []
