"""A TLS handshake is some operations with public keys, each a large part of a second that nobody can interrupt. So it
waits for a moment in which nobody seems to come with a card; but not for ever. Borrowed code.
"""

import asyncio

from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from uplink import Uplink

_HOLD_MAX_MS = const(30000)
_HOLD_STEP_MS = const(250)
_QUIET_POLLS = const(17)  # of the field, 60 ms each: a second without a card


async def quiet(loop: "Uplink") -> None:
    """No card has been here for a moment and no client waits for one, or this has lasted too long."""
    device = loop.device
    for _ in range(_HOLD_MAX_MS // _HOLD_STEP_MS):
        if device.field.absent_polls >= _QUIET_POLLS and not device.link.is_busy():
            return
        await asyncio.sleep_ms(_HOLD_STEP_MS)
