# The ESP32's Wi-Fi station. The emulator knows the air; packets themselves go through real sockets.
import _link
from micropython import const

STA_IF = const(0)
AP_IF = const(1)
STAT_IDLE = const(1000)
STAT_CONNECTING = const(1001)
STAT_GOT_IP = const(1010)
STAT_NO_AP_FOUND = const(201)
STAT_WRONG_PASSWORD = const(202)

_WIFI = const(0x8F)
_STATUS = const(0)
_ACTIVATE = const(1)
_CONNECT = const(2)
_DISCONNECT = const(3)
_SIGNAL = const(4)


def country(code: str | None = None) -> str:
    return "XX"


def hostname(name: str | None = None) -> str:
    return "perscan"


class WLAN:
    _ssid = ""  # of the one station there is, whichever object speaks for it
    IF_STA = STA_IF
    IF_AP = AP_IF
    PM_NONE = const(0)

    def __init__(self, interface: int = STA_IF) -> None:
        self._active = False

    def active(self, on: bool | None = None) -> bool:
        if on is None:
            return self._active
        self._active = bool(on)
        _link.call(_WIFI, _ACTIVATE, b"\x01" if on else b"\x00")
        return self._active

    def connect(self, ssid: str | None = None, key: str | None = None, *, bssid: bytes | None = None) -> None:
        if not self._active:
            raise OSError("Wifi Not Started")
        WLAN._ssid = self._ssid if ssid is None else ssid
        _link.call(_WIFI, _CONNECT, self._ssid.encode() + b"\x00" + (key or "").encode())

    def disconnect(self) -> None:
        _link.call(_WIFI, _DISCONNECT)

    def isconnected(self) -> bool:
        return _link.call(_WIFI, _STATUS) == STAT_GOT_IP

    def status(self, what: str | None = None) -> int:
        return _link.call(_WIFI, _SIGNAL if what == "rssi" else _STATUS)

    def ifconfig(self, settings: tuple | None = None) -> tuple:
        if self.isconnected():
            return ("192.168.4.2", "255.255.255.0", "192.168.4.1", "192.168.4.1")
        return ("0.0.0.0",) * 4  # noqa: S104 - what the port shows before it has an address

    def config(self, what: str | None = None, **settings: object) -> object:
        if what == "mac":
            import machine

            return machine.unique_id()
        if what in ("ssid", "essid"):
            return self._ssid
        return None

    def scan(self) -> list:
        return []
