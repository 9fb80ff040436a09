"""One round over one link: get into the network, say what there is to say, take the answers. Borrowed code.

What seals a report, what carries it and what takes the answer are in memory one after the other. A connection stays
open for the next report only where the heap has room for all of it at once.
"""

import asyncio
import gc

from borrowed import Borrowed, in_turns
from micropython import const
from protocol.errors import ProtocolError
from transport import TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from transport import Transport
    from uplink import Uplink

_EXCHANGES_MAX = const(64)  # in one round; then everything is looked at again
_ENTRIES_MAX = const(96)  # in one report; twenty exams of a working day fit an SMS
_ENTRIES_MIN = const(4)  # one exam
_REQUESTS_KEPT = const(8)  # short messages whose answers are still taken
_MESSAGE_BYTES = const(4096)
_SMS_BYTES = const(140)
_TLS_BYTES = const(3072)  # MicroPython's TLS context is one piece of 3048 on a 64-bit host, fewer on a board
_ROOM_BYTES = const(20480)  # for sealing and for taking an answer
_SMS = const("sms")


async def run(loop: "Uplink") -> None:
    """Whatever comes of it is the loop's outcome."""
    carrier = _Carrier(loop)
    try:
        _keep_room(loop)
        await _get_ready(loop)
        if loop.carrier == _SMS:
            await _send(loop, carrier)
        else:
            await _exchange(loop, carrier)
        loop.entries_max = min(_ENTRIES_MAX, 2 * loop.entries_max)
    except asyncio.CancelledError:
        carrier.drop()
        raise
    except TransportError as error:
        _failed(loop, error)
    except ProtocolError as error:
        _failed(loop, TransportError("no_answer", "the answer is wrong: " + error.code))
    except MemoryError:
        loop.entries_max = max(_ENTRIES_MIN, loop.entries_max // 2)  # a report that is too large would be so for ever
        _failed(loop, TransportError("out_of_memory"))
    finally:
        loop.tls_room.clear()
        await carrier.close()


class _Carrier:
    """The transport of the round, while its code is here."""

    def __init__(self, loop: "Uplink") -> None:
        self._loop = loop
        self._code: Borrowed | None = None
        self._transport: Transport | None = None

    async def transport(self) -> "Transport":
        """Borrowed now, unless it is here already."""
        loop = self._loop
        if self._transport is None:
            self._code = await in_turns("transport_" + loop.carrier)
            self._transport = self._code.module.make(loop)  # type: ignore[union-attr]
        return self._transport

    async def rest(self) -> None:
        """Something else comes first: the connection stays where there is room beside it."""
        gc.collect()
        if gc.mem_free() < _ROOM_BYTES:
            await self.close()
            _keep_room(self._loop)

    async def close(self) -> None:
        """The connection and the code."""
        transport, self._transport = self._transport, None
        try:
            if transport is not None:
                await transport.close()
        finally:
            transport = None  # or it would keep the code
            self._give_back()

    def drop(self) -> None:
        """The same, without waiting for anything."""
        if self._transport is not None:
            self._transport.drop()
            self._transport = None
        self._give_back()

    def _give_back(self) -> None:
        if self._code is not None:
            self._code.give_back()
            self._code = None


async def _exchange(loop: "Uplink", carrier: _Carrier) -> None:
    """Report after report, while there is something to say and each answer takes us further."""
    for _ in range(_EXCHANGES_MAX):
        sealed = await _seal(loop, _MESSAGE_BYTES)
        began_ms = loop.now_ms()
        answer = await (await carrier.transport()).exchange(sealed)
        round_trip_ms = loop.now_ms() - began_ms
        await carrier.rest()
        moved = await _take(loop, sealed, answer, round_trip_ms)
        loop.outcome = (loop.carrier, "" if moved else "stuck", 0)
        if not moved or not loop.journal.pending():
            return


async def _send(loop: "Uplink", carrier: _Carrier) -> None:
    """One message. Its answer comes to the inbox, or never."""
    sealed = await _seal(loop, _SMS_BYTES)
    await (await carrier.transport()).exchange(sealed)
    loop.requests.append((await _iv(sealed), loop.now_ms()))
    del loop.requests[:-_REQUESTS_KEPT]
    loop.sms_sent += 1
    loop.load.urgent_ms, loop.load.asked = None, False
    loop.outcome = (loop.carrier, "sent", 0)


def _keep_room(loop: "Uplink") -> None:
    """For the next handshake, while there is such a large piece."""
    if loop.carrier != _SMS and loop.config.flag("server_tls") and not loop.tls_room:
        loop.tls_room.append(bytearray(_TLS_BYTES))


# Functions of their own, so that no variable keeps the code that was given back.


async def _get_ready(loop: "Uplink") -> None:
    """Into the network. First of all: what needs the modem's code, too, must not take it along when it goes."""
    if loop.carrier != "wifi" and loop.modem is None:
        service = await in_turns("modem_service")
        loop.modem = service.module.ModemService(loop, service)  # type: ignore[union-attr]
    with await in_turns("ready_" + loop.carrier) as code:
        await code.ready(loop)


async def _seal(loop: "Uplink", max_bytes: int) -> bytes:
    with await in_turns("report") as code:
        sealed: bytes = await code.seal(loop.device, max_bytes, loop.carrier, loop.entries_max)
        return sealed


async def _take(loop: "Uplink", sealed: bytes, answer: bytes, round_trip_ms: int) -> bool:
    with await in_turns("uplink_answer") as code:
        moved: bool = await code.take_answer(loop, sealed, answer, round_trip_ms)
        return moved


async def _iv(sealed: bytes) -> bytes:
    with await in_turns("protocol.cose") as cose:
        iv: bytes = cose.header(sealed)[1]
        return iv


def _failed(loop: "Uplink", error: TransportError) -> None:
    loop.last_error = loop.carrier + ": " + str(error)
    loop.link_errors += 1
    load = loop.load
    if load.urgent_ms is not None and loop.carrier == _SMS:
        # Said as often as the day allows, and not in a loop: the next one in a while, or as an ordinary message.
        load.urgent_ms = None if error.reason == "sms_cap_reached" else loop.now_ms()
    loop.outcome = (loop.carrier, error.reason, error.until_ms)
