# The seldom methods of machine.SPI, as in ports/esp32/machine_hw_spi.c and extmod/machine_spi.c.
from struct import pack

import _link
from machine import _pin_number  # type: ignore[attr-defined]
from micropython import const

_SPI_SETUP = const(0x0D)
_SPI_READ = const(0x85)
_DEFAULT_HZ = const(500000)
_FIRST_INPUT_ONLY = const(34)


def make(spi, baudrate: int = -1, **more: int) -> None:  # type: ignore[no-untyped-def]
    if not 1 <= spi.id <= 2:
        raise ValueError("SPI(%d) doesn't exist" % spi.id)
    init(spi, _DEFAULT_HZ if baudrate == -1 else baudrate, **more)


def init(  # type: ignore[no-untyped-def]
    spi,
    baudrate: int = -1,
    *,
    polarity: int = -1,
    phase: int = -1,
    bits: int = -1,
    firstbit: int = -1,
    sck: object = None,
    mosi: object = None,
    miso: object = None,
) -> None:
    # What is not said stays as it is; deinit() keeps it, too.
    if bits != -1 and bits <= 0:
        raise ValueError("invalid bits")
    pins = [None if pin is None else _pin_number(pin) for pin in (sck, mosi, miso)]
    if any(pin is not None and pin >= _FIRST_INPUT_ONLY for pin in pins[:2]):
        raise OSError("invalid configuration")
    if baudrate != -1:
        spi._baudrate = baudrate
    spi._byte_ns = 8000000000 // spi._baudrate
    _link.put(_SPI_SETUP, spi.id, spi._baudrate.to_bytes(4, "little"))


def deinit(spi) -> None:  # type: ignore[no-untyped-def]
    spi._byte_ns = 0


def refuse(spi, fits: bool = True) -> None:  # type: ignore[no-untyped-def]
    if not fits:
        raise ValueError("buffers must be the same length")
    if not spi._byte_ns:
        raise OSError("transfer on deinitialized SPI")
    raise ValueError("buffer too short")


def readinto(spi, into: bytearray, fill: int = 0) -> None:  # type: ignore[no-untyped-def]
    n = len(into)
    if not n or not spi._byte_ns:
        refuse(spi)
    _link.call(_SPI_READ, spi.id, pack("<BxH", fill, n), into, n)


def read(spi, n: int, fill: int = 0) -> bytes:  # type: ignore[no-untyped-def]
    into = bytearray(n)
    readinto(spi, into, fill)
    return bytes(into)
