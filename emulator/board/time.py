# The ESP32's time module on the board's clock: its ticks wrap at 2**30, its epoch is 2000-01-01 (_time).
import _link
from _link import sleep_us
from micropython import const

_PERIOD_MASK = const(0x3FFFFFFF)
_HALF_PERIOD = const(0x20000000)


def ticks_us() -> int:
    return _link.look_at_clock() + _link.ticks_base_us & _PERIOD_MASK


def ticks_ms() -> int:
    return (_link.look_at_clock() + _link.ticks_base_us) // 1000 & _PERIOD_MASK


def ticks_add(ticks: int, delta: int) -> int:
    return ticks + delta & _PERIOD_MASK


def ticks_diff(end: int, start: int) -> int:
    return (end - start + _HALF_PERIOD & _PERIOD_MASK) - _HALF_PERIOD


def sleep_ms(ms: int) -> None:
    sleep_us(ms * 1000)


def __getattr__(name: str) -> object:
    return _link.seldom(__name__, name)
