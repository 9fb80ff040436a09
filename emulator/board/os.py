# The ESP32's os module: the file system calls are the real ones; entropy comes from the world's seed.
# What an ESP32 lacks (sync, getenv, system) is missing here too.
from struct import pack

import _link
from micropython import const
from uos import chdir, getcwd, ilistdir, listdir, mkdir, remove, rename, rmdir, stat, statvfs, unlink
from vfs import VfsLfs2, mount, umount

_ENTROPY = const(0x8C)

sep = "/"


def urandom(n: int) -> bytes:
    data = bytearray(n)
    _link.call(_ENTROPY, 0, pack("<H", n), data, n)
    return bytes(data)


def uname() -> tuple:
    return ("esp32", "esp32", "1.29.0", "emulated board", "Generic ESP32 module with ESP32")


def dupterm(stream: object, index: int = 0) -> None:
    return None
