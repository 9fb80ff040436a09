"""The server behind TLS: who may vouch for it is a setting, and without that nobody may. Borrowed code.

A handshake is some operations with public keys, each a large part of a second that nobody can interrupt. So it waits
for a moment in which nobody seems to come with a card; but not for ever.
"""

import asyncio

from micropython import const
from tls_pipe.client import Tls
from tls_pipe.dates import set_clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tls_pipe.plain import Pipe
    from uplink import Uplink

_HOLD_MAX_MS = const(30000)
_HOLD_STEP_MS = const(250)
_QUIET_POLLS = const(17)  # of the field, 60 ms each: a second without a card


async def secured(loop: "Uplink", pipe: "Pipe") -> Tls:
    """The connection, protected; the handshake comes with the first write."""
    config = loop.config
    authority = config.octets("server_ca")
    # Certificates have dates. Not the phone network's time: a false one, years ahead, would make every server's an old
    # one, and the clock that TLS looks at is never moved back.
    set_clock(loop.device.clock.earliest() or 0, authority)
    tls = Tls(pipe, config.text("server_name") or config.text("server_host"), authority)
    await tls.connect()
    return tls


async def quiet(loop: "Uplink") -> None:
    """No card has been here for a moment and no client waits for one, or this has lasted too long."""
    device = loop.device
    for _ in range(_HOLD_MAX_MS // _HOLD_STEP_MS):
        if device.field.absent_polls >= _QUIET_POLLS and not device.link.is_busy():
            return
        await asyncio.sleep_ms(_HOLD_STEP_MS)
