"""SMS in PDU mode (3GPP TS 27.005 4): send, and receive what lies on the SIM.

A message stays on the SIM until it was handed over and the caller came back, so a power cut loses none; so do the parts
of one that is not whole yet.
"""

from binascii import hexlify, unhexlify

from gsm.errors import PduError
from gsm.pdu import Joiner, decode_deliver, decode_status_report, encode_submit
from micropython import const

from sim800.errors import CommandFailed, ModemSilent, SmsRefused

_SEND_MS = const(60000)
_STORE_MS = const(10000)
_SEND_TRIES = const(2)  # when the modem did not even ask for the message
_MAX_PLACES = const(100)  # no SIM has more
_ROOM = const(2)  # places that must stay free, or the network can deliver nothing
_END = b"\x1a"


async def send(modem: "Modem", number: str, data: bytes) -> int:
    """One message, in parts if it must be."""
    modem.sms_reference = modem.sms_reference + 1 & 0xFF
    reference = 0
    try:
        messages = encode_submit(number, data, modem.sms_reference, status_report=True)
    except PduError:
        raise SmsRefused(-1) from None  # no such number, or more than four parts
    for pdu, length in messages:
        reference = await _submit(modem, length, hexlify(pdu).upper() + _END)
    return reference


async def _submit(modem: "Modem", length: int, digits: bytes) -> int:
    for line in await _given(modem, length, digits):
        if line.startswith(b"+CMGS:"):
            text = line[6:].strip()
            return int(text) if text.isdigit() else 0
    raise SmsRefused(-1)


async def _given(modem: "Modem", length: int, digits: bytes) -> list[bytes]:
    for attempt in range(_SEND_TRIES):
        try:
            return await modem.port.command(b"+CMGS=%d" % length, _SEND_MS, payload=digits)
        except CommandFailed as error:
            raise SmsRefused(error.number) from None
        except ModemSilent:
            if modem.port.prompted or attempt == _SEND_TRIES - 1:
                raise
    return []


async def receive(modem: "Modem") -> "tuple[str, bytes] | None":
    """The next whole message. Delivery reports go to on_sms on the way."""
    _tell_reports(modem)
    await _delete_handled(modem)
    used, places = await _occupied(modem)
    modem.sms_waiting = used < 0  # not ready yet: it will say when it is
    joiner = Joiner()
    halves: list[tuple[Mark, int]] = []
    seen = 0
    for place in range(1, min(places, _MAX_PLACES) + 1):
        if seen >= used:
            break
        pdu = await _read(modem, place)
        if pdu is None:
            continue
        seen += 1
        message = await _taken(modem, pdu, place, joiner, halves) if pdu else None
        if message:
            modem.sms_waiting = seen < used
            return message
    if halves and seen >= places - _ROOM:
        await _delete(modem, halves[0][1])
    return None


async def _taken(
    modem: "Modem", pdu: bytes, place: int, joiner: Joiner, halves: "list[tuple[Mark, int]]"
) -> "tuple[str, bytes] | None":
    """The message that is whole with this part. What is of no use leaves the SIM."""
    try:
        part = decode_deliver(pdu)
        data = joiner.add(part)
    except PduError:
        await _delete(modem, place)
        return None
    mark = (part.sender, part.reference, part.parts, hash(part.data))
    if data is None:
        if mark in modem.joined:
            await _delete(modem, place)  # of a message that was whole before: the network delivered it twice
        else:
            halves.append((mark, place))
        return None
    others = [half for half in halves if half[0][:3] == mark[:3]] if part.parts > 1 else []
    modem.handled = tuple([place] + [half[1] for half in others])
    modem.joined = tuple([mark] + [half[0] for half in others])
    if part.text is None:
        return part.sender, data
    await _delete_handled(modem)  # words for a person: an operator's greeting
    return None


def _tell_reports(modem: "Modem") -> None:
    reports, modem.reports = modem.reports, ()
    for digits in reports:
        try:
            report = decode_status_report(unhexlify(digits))
        except (PduError, ValueError):
            continue
        if modem.on_sms:
            modem.on_sms(report)


async def _occupied(modem: "Modem") -> tuple[int, int]:
    """How many places of the store are taken, of how many: +CPMS: "SM",3,20,... Not known yet: -1."""
    try:
        fields = (await modem.port.ask(b"+CPMS?", _STORE_MS)).split(b",")
    except CommandFailed:
        return -1, 0
    if len(fields) < 3 or not (fields[1].isdigit() and fields[2].isdigit()):
        raise ModemSilent("no store of messages")
    return int(fields[1]), int(fields[2])


async def _read(modem: "Modem", place: int) -> "bytes | None":
    """The PDU; None: nothing lies there; empty: it came with bytes wrong, and may be read better the next time."""
    try:
        lines = await modem.port.command(b"+CMGR=%d" % place, _STORE_MS)
    except CommandFailed:
        return None
    if len(lines) < 3 or not lines[0].startswith(b"+CMGR:"):
        return None if len(lines) == 1 else b""
    try:
        pdu = unhexlify(lines[1])
    except ValueError:
        return b""
    length = lines[0].split(b",")[-1].strip()
    return pdu if pdu and length == b"%d" % (len(pdu) - 1 - pdu[0]) else b""


async def _delete_handled(modem: "Modem") -> None:
    while modem.handled:
        await _delete(modem, modem.handled[0])
        modem.handled = modem.handled[1:]


async def _delete(modem: "Modem", place: int) -> None:
    try:
        await modem.port.command(b"+CMGD=%d" % place, _STORE_MS)
    except CommandFailed:
        pass  # nothing lies there any more


TYPE_CHECKING = False
if TYPE_CHECKING:
    from sim800.modem import Mark, Modem
