# Real sockets of the unix port; a name is found only while the emulated network is up.
import _link
import usocket
from micropython import const
from usocket import *

_NETWORK = const(8)
_NAME_NOT_FOUND = const(-202)


def getaddrinfo(host, port, af=0, type=0, proto=0, flags=0):
    _link.wait(0)
    if not _link.flags & _NETWORK:
        raise OSError(_NAME_NOT_FOUND)
    return usocket.getaddrinfo(host, port, af or usocket.AF_INET, type or usocket.SOCK_STREAM)
