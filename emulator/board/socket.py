# Real sockets of the unix port; a name is found only while the emulated network is up.
import _link
import usocket
from micropython import const

_NETWORK = const(8)
_NAME_NOT_FOUND = const(-202)


def __getattr__(name: str) -> object:
    return getattr(usocket, name)


def getaddrinfo(host: str, port: int, af: int = 0, type: int = 0, *_: int) -> list:
    _link.wait(0)
    if not _link.flags & _NETWORK:
        raise OSError(_NAME_NOT_FOUND)
    return usocket.getaddrinfo(host, port, af or usocket.AF_INET, type or usocket.SOCK_STREAM)
