"""The modem's supply and its power key (SIM800 Series Hardware Design 4.2): how it goes off for certain, and on."""

import asyncio

from micropython import const

_ON_MS = const(1200)  # PWRKEY low for at least 1 s switches on, 4.2.1
_OFF_KEY_MS = const(2000)  # and, longer, off, 4.2.2
_SUPPLY_MS = const(300)  # until the supply is steady
_STATUS_LOW_MS = const(800)  # how long STATUS has to be low before the next start, 4.2.2
_DISCHARGE_MS = const(1500)  # without a supply, and nobody who could say that it is off
_OFF_MS = const(5000)  # a modem that leaves its network takes so long
_STEP_MS = const(100)


async def cycle(pins: "Pins") -> None:
    """Off for certain, then on. With a power switch whatever state it is in; else by its key alone."""
    key, supply, status = pins
    key(0)
    if supply:
        supply(0)
    elif status and status():
        await _press(key, _OFF_KEY_MS)
    if status:
        await _until_low(status)
    else:
        await asyncio.sleep_ms(_DISCHARGE_MS)
    if supply:
        supply(1)
        await asyncio.sleep_ms(_SUPPLY_MS)
    await _press(key, _ON_MS)


async def off(pins: "Pins") -> None:
    """Without its supply; the key is released. Without a switch: it was asked to go off, and takes a moment."""
    key, supply, status = pins
    key(0)
    if supply:
        supply(0)
    elif status:
        await _until_low(status)
    else:
        await asyncio.sleep_ms(_OFF_MS)


async def _press(key: "Pin", pressed_ms: int) -> None:
    key(1)
    try:
        await asyncio.sleep_ms(pressed_ms)
    finally:
        key(0)


async def _until_low(status: "Pin") -> None:
    """Low for 0.8 s in one piece, or long enough that the pin cannot be right."""
    low_ms = 0
    for _ in range(_OFF_MS // _STEP_MS):
        low_ms = 0 if status() else low_ms + _STEP_MS
        if low_ms > _STATUS_LOW_MS:
            return
        await asyncio.sleep_ms(_STEP_MS)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import Pin

    Pins = tuple[Pin, Pin | None, Pin | None]
