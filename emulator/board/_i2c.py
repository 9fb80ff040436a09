# The seldom methods of machine.I2C, as in ports/esp32/machine_i2c.c.
from struct import pack

import _link
from machine import _pin_number  # type: ignore[attr-defined]
from micropython import const

_I2C_SETUP = const(0x0E)
_I2C_WRITE = const(0x86)
_I2C_READ = const(0x87)
_ENODEV = const(19)
_DEFAULT_HZ = const(400000)


def make(i2c, *, scl: object = None, sda: object = None, freq: int = -1, timeout: int = -1) -> None:  # type: ignore[no-untyped-def]
    if not 0 <= i2c.id <= 1:
        raise ValueError("I2C(%d) doesn't exist" % i2c.id)
    for pin in (scl, sda):
        if pin is not None:
            _pin_number(pin)
    _link.put(_I2C_SETUP, i2c.id, (_DEFAULT_HZ if freq == -1 else freq).to_bytes(4, "little"))


def scan(_) -> list[int]:  # type: ignore[no-untyped-def]
    return [address for address in range(8, 120) if _link.call(_I2C_WRITE, address) >= 0]


def writevto(i2c, address: int, vector: list[bytes], stop: bool = True) -> int:  # type: ignore[no-untyped-def]
    return i2c.writeto(address, b"".join(vector), stop)


def readfrom_into(_, address: int, into: bytearray, stop: bool = True) -> None:  # type: ignore[no-untyped-def]
    n = len(into)
    if _link.call(_I2C_READ, address, pack("<H", n), into, n) < 0:
        raise OSError(_ENODEV)


def readfrom(i2c, address: int, n: int, stop: bool = True) -> bytes:  # type: ignore[no-untyped-def]
    into = bytearray(n)
    readfrom_into(i2c, address, into)
    return bytes(into)
