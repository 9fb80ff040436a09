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


def freq(hz: int = 160000000) -> int:
    return hz


class RTC:
    def __init__(self, id: int = 0) -> None:
        pass

    def datetime(self, moment: tuple | None = None) -> tuple | None:
        if moment is None:
            t = time.gmtime()
            us = (_link.now_us() + _link.wall_offset_us) % 1000000
            return (t[0], t[1], t[2], t[6], t[3], t[4], t[5], us)
        year, month, day, _, hour, minute, second, us = moment
        wanted_us = (time.mktime((year, month, day, hour, minute, second, 0, 0)) + 946684800) * 1000000 + us
        _link.wall_offset_us = wanted_us - _link.now_us()
        _link.put(_CLOCK_SET, 0, pack("<q", _link.wall_offset_us))
        return None

    init = datetime
