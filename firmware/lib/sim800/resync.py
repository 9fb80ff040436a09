"""After a command without an end, which the modem may still be at: wait until it answers again, and is quiet."""

import asyncio

from micropython import const

from sim800.errors import ModemSilent

_TRIES = const(3)
_ANSWER_MS = const(1000)
_QUIET_MS = const(100)
_ESCAPE = b"\x1b"  # ends a prompt for an SMS


async def resync(port: "Port") -> None:
    await port.write(b"\r" * port.owed_bytes)  # data of a connection that is lost; without a prompt: empty lines
    port.owed_bytes = 0
    for _ in range(_TRIES):
        port.uart.write(_ESCAPE)
        await asyncio.sleep_ms(_QUIET_MS)
        port.parser.reset()
        port.begin(b"", (b"OK",), False)
        try:
            await port.wait(_ANSWER_MS)
        except ModemSilent:
            continue
        finally:
            port.busy = False
        await asyncio.sleep_ms(_QUIET_MS)
        port.out_of_step = False
        return
    raise ModemSilent("out of step")


TYPE_CHECKING = False
if TYPE_CHECKING:
    from sim800.port import Port
