# The ESP32's Wi-Fi station, as ports/esp32/network_wlan.c. The emulator knows the air; packets themselves go through
# real sockets. What a board seldom uses is in _network and _wlan.
import _link
from micropython import const

STA_IF = const(0)

_GOT_IP = const(1010)
_WIFI = const(0x8F)
_STATUS = const(0)
_CONNECT = const(2)

_ssid = ""  # of the one station there is, whichever object speaks for it
_active = False


def __getattr__(name: str) -> object:
    return _link.seldom(__name__, name)


class WLAN:
    IF_STA = const(0)
    IF_AP = const(1)
    PM_NONE = const(0)

    def __init__(self, id: int = STA_IF) -> None:
        _link.seldom("WLAN", "make")(id)

    def connect(self, *network: str | None, bssid: bytes | None = None) -> None:
        # (name, key), which the port takes by their places alone.
        global _ssid
        ssid = network[0] if network else None
        key = network[1] if len(network) > 1 else None
        if len(network) > 2:
            raise TypeError("extra positional arguments given")
        if not _active:
            raise OSError("Wifi Not Started")
        if bssid is not None and len(bssid) != 6:
            raise ValueError
        if ssid is not None:
            _ssid = ssid
        _link.call(_WIFI, _CONNECT, _ssid.encode() + b"\x00" + (key or "").encode())

    def isconnected(self) -> bool:
        return _link.call(_WIFI, _STATUS) == _GOT_IP

    __getattr__ = _link.seldom_method
