# The seldom methods of machine.I2C.
from struct import pack

import _link
from micropython import const

_I2C_WRITE = const(0x86)
_I2C_READ = const(0x87)
_ENODEV = const(19)


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
