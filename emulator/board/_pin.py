# The seldom methods of machine.Pin.
import _link
from micropython import const

_PIN_IRQ = const(0x03)


def on(pin) -> None:  # type: ignore[no-untyped-def]
    pin.value(1)


def off(pin) -> None:  # type: ignore[no-untyped-def]
    pin.value(0)


def irq(pin, handler: object = None, trigger: int = 3, **_: object):  # type: ignore[no-untyped-def]
    _link.put(_PIN_IRQ, pin.id, bytes((trigger if handler else 0, len(_link.handlers))))
    _link.handlers.append((handler, pin))
    return pin
