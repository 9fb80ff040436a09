# The ESP32's Wi-Fi station. The emulator knows the air; packets themselves go through real sockets. What a board
# seldom uses is in _network and _wlan.
import _link
from micropython import const

STA_IF = const(0)

_GOT_IP = const(1010)
_WIFI = const(0x8F)
_STATUS = const(0)
_ACTIVATE = const(1)
_CONNECT = const(2)
_DISCONNECT = const(3)


def __getattr__(name: str) -> object:
    return _link.seldom(__name__, name)


_ssid = ""  # of the one station there is, whichever object speaks for it


class WLAN:
    IF_STA = const(0)
    IF_AP = const(1)
    PM_NONE = const(0)

    def __init__(self, id: int = STA_IF) -> None:
        self._active = False

    def active(self, on: bool | None = None) -> bool:
        if on is None:
            return self._active
        self._active = bool(on)
        _link.call(_WIFI, _ACTIVATE, b"\x01" if on else b"\x00")
        return self._active

    def connect(self, ssid: str | None = None, key: str | None = None, **_: object) -> None:
        global _ssid
        if not self._active:
            raise OSError("Wifi Not Started")
        if ssid is not None:
            _ssid = ssid
        _link.call(_WIFI, _CONNECT, _ssid.encode() + b"\x00" + (key or "").encode())

    def disconnect(self) -> None:
        _link.call(_WIFI, _DISCONNECT)

    def isconnected(self) -> bool:
        return _link.call(_WIFI, _STATUS) == _GOT_IP

    def config(self, what: str | None = None, **settings: object) -> object:
        if what == "mac":
            return _link.unique_id
        if what in ("ssid", "essid"):
            return _ssid
        return None

    __getattr__ = _link.seldom_method
