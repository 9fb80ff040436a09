# The ESP32's os module: the file system calls are the real ones; entropy comes from the world's seed.
# What an ESP32 lacks (sync, getenv, system) is missing here too. What a board seldom uses is in _os.

import _link
from micropython import const
from uos import ilistdir, listdir, remove, rename, stat

_ENTROPY = const(0x8C)


def urandom(n: int) -> bytes:
    data = bytearray(n)
    _link.call(_ENTROPY, 0, n.to_bytes(2, "little"), data, n)
    return bytes(data)


def __getattr__(name: str) -> object:
    return _link.seldom(__name__, name)
