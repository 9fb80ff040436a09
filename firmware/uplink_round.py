"""One round over one link: open it, say what there is to say, take the answers, close it. Borrowed code."""

import asyncio

from borrowed import Borrowed
from micropython import const
from protocol.errors import ProtocolError
from transport import Transport, TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from uplink import Uplink

_EXCHANGES_MAX = const(64)  # on one connection; then everything is looked at again
_REQUESTS_KEPT = const(8)  # short messages whose answers are still taken


async def run(loop: "Uplink") -> None:
    """Whatever comes of it is the loop's outcome."""
    loop.last_error = ""
    try:
        await _carry(loop)
    except TransportError as error:
        _failed(loop, error)
    except ProtocolError as error:
        _failed(loop, TransportError("no_answer", "the answer is wrong: " + error.code))
    except MemoryError:
        _failed(loop, TransportError("out_of_memory"))


async def _carry(loop: "Uplink") -> None:
    if loop.carrier != "wifi" and loop.modem is None:
        # Before the transport's code: what both need must not go when the transport goes.
        service = Borrowed("modem_service")
        loop.modem = service.module.ModemService(loop, service)  # type: ignore[union-attr]
    code = Borrowed("transport_" + loop.carrier)
    try:
        transport: Transport = code.module.make(loop)  # type: ignore[union-attr]
        try:
            await transport.open()
            await (_exchange(loop, transport) if transport.answers_at_once else _send(loop, transport))
        except asyncio.CancelledError:
            transport.drop()
            raise
        except (TransportError, ProtocolError, MemoryError):
            await transport.close()
            raise
        await transport.close()
    finally:
        code.give_back()


async def _exchange(loop: "Uplink", transport: Transport) -> None:
    """Report after report, while there is something to say and each answer takes us further."""
    for _ in range(_EXCHANGES_MAX):
        sealed = await _seal(loop, transport)
        began_ms = loop.now_ms()
        answer = await transport.exchange(sealed)
        with Borrowed("uplink_answer") as code:
            moved = await code.take_answer(loop, sealed, answer, loop.now_ms() - began_ms)
        loop.outcome = (loop.carrier, "" if moved else "stuck", 0)
        if not moved or not loop.journal.pending():
            return


async def _send(loop: "Uplink", transport: Transport) -> None:
    """One message. Its answer comes to the inbox, or never."""
    sealed = await _seal(loop, transport)
    await transport.send(sealed)
    with Borrowed("protocol.cose") as cose:
        loop.requests.append((cose.header(sealed)[1], loop.now_ms()))
    del loop.requests[:-_REQUESTS_KEPT]
    loop.sms_sent += 1
    loop.load.urgent_ms, loop.load.asked = None, False
    loop.outcome = (loop.carrier, "sent", 0)


async def _seal(loop: "Uplink", transport: Transport) -> bytes:
    with Borrowed("report") as code:
        sealed: bytes = await code.seal(loop.device, transport.max_bytes, loop.carrier)
        return sealed


def _failed(loop: "Uplink", error: TransportError) -> None:
    loop.last_error = loop.carrier + ": " + str(error)
    loop.link_errors += 1
    load = loop.load
    if load.urgent_ms is not None and loop.carrier == "sms":
        # Said as often as the day allows, and not in a loop: the next one in a while, or as an ordinary message.
        load.urgent_ms = None if error.reason == "sms_cap_reached" else loop.now_ms()
    loop.outcome = (loop.carrier, error.reason, error.until_ms)
