# What a board asks of its time module once in a while: the wall clock, whole seconds, the CPU's own ticks.
import _host_time
import _link
from micropython import const

_PERIOD_MASK = const(0x3FFFFFFF)
_UNIX_TO_2000_S = const(946684800)


def sleep(s: float) -> None:
    _link.sleep_us(int(s * 1000000))


def ticks_cpu() -> int:
    return (_link.look_at_clock() + _link.ticks_base_us) * 160 & _PERIOD_MASK


def time() -> int:
    return (_link.look_at_clock() + _link.wall_offset_us) // 1000000 - _UNIX_TO_2000_S


def time_ns() -> int:
    return (_link.look_at_clock() + _link.wall_offset_us) * 1000 - _UNIX_TO_2000_S * 1000000000


def gmtime(s: int | None = None) -> tuple:
    return _host_time.gmtime((time() if s is None else s) + _UNIX_TO_2000_S)[:8]


localtime = gmtime


def mktime(moment: tuple) -> int:
    return _host_time.mktime(moment) - _UNIX_TO_2000_S
