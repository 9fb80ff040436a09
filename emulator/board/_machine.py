# What a board seldom asks of its machine module.
import time
from struct import pack

import _link
from machine import I2C, SPI
from micropython import const

PWRON_RESET = const(1)
HARD_RESET = const(2)
WDT_RESET = const(3)
DEEPSLEEP_RESET = const(4)
SOFT_RESET = const(5)

_CLOCK_SET = const(0x09)
_RESET = const(0x8D)

SoftI2C = I2C
SoftSPI = SPI


def soft_reset() -> None:
    _link.call(_RESET, 1)


def reset_cause() -> int:
    return _link.cause


def unique_id() -> bytes:
    return _link.unique_id


def freq(hz: int = 0) -> int | None:
    # The emulated chip always runs at 160 MHz.
    if not hz:
        return 160000000
    if hz not in (20000000, 40000000, 80000000, 160000000, 240000000):
        raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz")
    return None


class RTC:
    def __init__(self) -> None:
        pass  # takes nothing, and MicroPython asks only a constructor that is there

    def datetime(self, moment: tuple | None = None) -> tuple | None:
        if moment is None:
            t = time.gmtime()
            us = (_link.now_us() + _link.wall_offset_us) % 1000000
            return (t[0], t[1], t[2], t[6], t[3], t[4], t[5], us)
        self._set(moment, 4)
        return None

    def init(self, moment: tuple) -> None:
        # Another order than datetime's: (year, month, day, hour, minute, second, anything, microsecond).
        self._set(moment, 3)

    def _set(self, moment: tuple, hour_at: int) -> None:
        if len(moment) != 8:
            raise ValueError("requested length 8 but object has length %d" % len(moment))
        year, month, day = moment[:3]
        hour, minute, second = moment[hour_at : hour_at + 3]
        wanted_us = (time.mktime((year, month, day, hour, minute, second, 0, 0)) + 946684800) * 1000000 + moment[7]
        _link.wall_offset_us = wanted_us - _link.now_us()
        _link.put(_CLOCK_SET, 0, pack("<q", _link.wall_offset_us))
