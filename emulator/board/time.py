# The ESP32's time module on the board's clock. Its epoch is 2000-01-01, its ticks wrap at 2**30.
import _link
import utime
from micropython import const

_PERIOD_MASK = const(0x3FFFFFFF)
_HALF_PERIOD = const(0x20000000)
_UNIX_TO_2000_S = const(946684800)


def ticks_us() -> int:
    return _link.look_at_clock() + _link.ticks_base_us & _PERIOD_MASK


def ticks_ms() -> int:
    return (_link.look_at_clock() + _link.ticks_base_us) // 1000 & _PERIOD_MASK


def ticks_cpu() -> int:
    return (_link.look_at_clock() + _link.ticks_base_us) * 160 & _PERIOD_MASK


def ticks_add(ticks: int, delta: int) -> int:
    return ticks + delta & _PERIOD_MASK


def ticks_diff(end: int, start: int) -> int:
    return (end - start + _HALF_PERIOD & _PERIOD_MASK) - _HALF_PERIOD


def sleep(s: float) -> None:
    _link.sleep_us(int(s * 1000000))


def sleep_ms(ms: int) -> None:
    _link.sleep_us(ms * 1000)


def sleep_us(us: int) -> None:
    _link.sleep_us(us)


def time() -> int:
    return (_link.look_at_clock() + _link.wall_offset_us) // 1000000 - _UNIX_TO_2000_S


def time_ns() -> int:
    return (_link.look_at_clock() + _link.wall_offset_us) * 1000 - _UNIX_TO_2000_S * 1000000000


def gmtime(s: int | None = None) -> tuple:
    return utime.gmtime((time() if s is None else s) + _UNIX_TO_2000_S)[:8]


localtime = gmtime


def mktime(moment: tuple) -> int:
    return utime.mktime(moment) - _UNIX_TO_2000_S
