# The seldom methods of machine.SPI.
from struct import pack

import _link
from micropython import const

_SPI_READ = const(0x85)


def init(spi, *settings: int, **more: int) -> None:  # type: ignore[no-untyped-def]
    spi.__init__(spi.id, *settings, **more)


def deinit(spi) -> None:  # type: ignore[no-untyped-def]
    pass


def readinto(spi, into: bytearray, fill: int = 0) -> None:  # type: ignore[no-untyped-def]
    n = len(into)
    _link.call(_SPI_READ, spi.id, pack("<BxH", fill, n), into, n)


def read(spi, n: int, fill: int = 0) -> bytes:  # type: ignore[no-untyped-def]
    into = bytearray(n)
    readinto(spi, into, fill)
    return bytes(into)
