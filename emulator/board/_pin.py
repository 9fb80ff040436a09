# The seldom methods of machine.Pin, as in ports/esp32/machine_pin.c.
import _link
from machine import Pin
from micropython import const

_PIN_MODE = const(0x02)
_PIN_IRQ = const(0x03)
_PIN_LATCH = const(0x90)
_KEEP = const(255)
_FIRST_INPUT_ONLY = const(34)
_DRIVES = const(2)  # the bit of OUT and OPEN_DRAIN
_NO_PINS = (24, 28, 29, 30, 31)  # of 0 to 39, which an ESP32 does not bring out


def make(pin, id, settings: tuple, more: dict) -> None:  # type: ignore[no-untyped-def]
    if isinstance(id, Pin):
        id = id.id  # type: ignore[attr-defined]
    if type(id) is not int or not 0 <= id < 40 or id in _NO_PINS:
        raise ValueError("invalid pin")
    pin.id = id
    if settings or more:
        init(pin, *settings, **more)


def init(pin, mode: int | None = None, pull: int | None = -1, **more: object) -> None:  # type: ignore[no-untyped-def]
    for name in more:
        if name not in ("value", "drive", "hold"):
            raise TypeError("extra keyword arguments given")
    if "value" in more:
        pin.value(bool(more["value"]))  # before the mode, so that the pin never glitches
    if mode is not None and mode & _DRIVES and pin.id >= _FIRST_INPUT_ONLY:
        raise ValueError("pin can only be input")
    if mode == Pin.IN:
        pin._level = None
    elif mode is not None:
        pin._level = _link.call(_PIN_LATCH, pin.id)
    _link.put(_PIN_MODE, pin.id, bytes((mode or 0, _KEEP if pull == -1 else pull or 0)))


def on(pin) -> None:  # type: ignore[no-untyped-def]
    pin.value(1)


def off(pin) -> None:  # type: ignore[no-untyped-def]
    pin.value(0)


def irq(pin, handler: object = None, trigger: int = 3, wake: object = None):  # type: ignore[no-untyped-def]
    _link.put(_PIN_IRQ, pin.id, bytes((trigger if handler else 0, len(_link.handlers))))
    _link.handlers.append((handler, pin))
    return pin
