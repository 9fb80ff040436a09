"""The same PDUs from the network's side: SUBMIT in, DELIVER and STATUS-REPORT out. Boards never load this."""

from gsm import fields, text
from gsm.errors import PduError
from gsm.fields import BITS_7, BITS_8, UCS_2, USER_DATA_BYTES, Cursor
from gsm.pdu import PART_BYTES, UserData

DEFAULT_CENTRE = "+8613800100500"

_TYPE_MASK = 3
_DELIVER, _SUBMIT, _STATUS_REPORT = 0, 1, 2
_NO_MORE_MESSAGES = 4
_REPORT_WANTED = 0x20
_HAS_HEADER = 0x40
_VALIDITY_BYTES = (0, 7, 1, 7)  # by its format, bits 3 and 4 of the first octet
_CODING = {BITS_7: 0, BITS_8: 4, UCS_2: 8}


class Submit(UserData):
    """A message that a phone gives to the network (TS 23.040 9.2.2.2)."""

    def __init__(self, cursor: Cursor) -> None:
        cursor.skip_service_centre()
        kind = cursor.byte()
        if kind & _TYPE_MASK != _SUBMIT:
            raise PduError("unknown_type")
        self.message_reference = cursor.byte()
        self.number = cursor.address()
        cursor.byte()  # protocol identifier
        self.coding = cursor.byte()
        cursor.take(_VALIDITY_BYTES[kind >> 3 & 3])
        self.status_report = bool(kind & _REPORT_WANTED)
        self.has_header = bool(kind & _HAS_HEADER)
        super().__init__(cursor, self.has_header, self.coding)

    @property
    def user_data(self) -> bytes:
        """With its length in front: goes into the DELIVER unchanged."""
        return bytes((self._length,)) + self._content


def decode_submit(pdu: bytes) -> Submit:
    """With the service centre's octet in front, as AT+CMGS carries it."""
    return Submit(Cursor(pdu))


def forward(message: Submit, sender: str, unix_s: int, centre: str = DEFAULT_CENTRE) -> bytes:
    """The DELIVER of a SUBMIT: the same user data, header and coding."""
    return _deliver(sender, message.coding, message.has_header, message.user_data, unix_s, centre)


def encode_deliver(
    sender: str,
    content: bytes | str,
    unix_s: int,
    reference: int = 0,
    part: int = 1,
    parts: int = 1,
    centre: str = DEFAULT_CENTRE,
) -> bytes:
    """One part of a message: bytes as 8-bit data; text in the 7-bit alphabet if that has its letters, else in UCS-2."""
    header = fields.concatenation_header(reference, part, parts)
    if isinstance(content, bytes):
        return _deliver(sender, _CODING[BITS_8], bool(header), _counted(header + content), unix_s, centre)
    septets = text.to_septets(content)
    if septets is None:
        octets = header + text.to_ucs_2(content)
        return _deliver(sender, _CODING[UCS_2], bool(header), _counted(octets), unix_s, centre)
    if header:
        raise PduError("too_long")  # nobody here sends long text
    packed = text.packed(septets)
    if len(packed) > USER_DATA_BYTES:
        raise PduError("too_long")
    return _deliver(sender, _CODING[BITS_7], False, bytes((len(septets),)) + packed, unix_s, centre)


def encode_deliver_parts(
    sender: str, data: bytes, unix_s: int, reference: int = 0, centre: str = DEFAULT_CENTRE
) -> list[bytes]:
    """8-bit data of any length as so many DELIVERs."""
    if len(data) <= USER_DATA_BYTES:
        return [encode_deliver(sender, data, unix_s, centre=centre)]
    pieces = [data[at : at + PART_BYTES] for at in range(0, len(data), PART_BYTES)]
    return [
        encode_deliver(sender, piece, unix_s, reference, number, len(pieces), centre)
        for number, piece in enumerate(pieces, start=1)
    ]


def encode_status_report(
    reference: int, number: str, status: int, submitted_s: int, done_s: int, centre: str = DEFAULT_CENTRE
) -> bytes:
    """TS 23.040 9.2.2.3; status as in 9.2.3.15 (0 = delivered, 0x30 = still trying, 0x46 = expired)."""
    return (
        _centre(centre)
        + bytes((_STATUS_REPORT | _NO_MORE_MESSAGES, reference))
        + fields.address(number)
        + semi_octets(submitted_s)
        + semi_octets(done_s)
        + bytes((status,))
    )


def semi_octets(unix_s: int, quarters: int = 0) -> bytes:
    """A time stamp in the zone that lies so many quarter hours east of Greenwich (9.2.3.11)."""
    days, second = divmod(unix_s + quarters * 900, 86400)
    year, month, day = civil(days)
    values = (year % 100, month, day, second // 3600, second // 60 % 60, second % 60, abs(quarters))
    octets = bytearray([_swapped(value) for value in values])
    if quarters < 0:
        octets[6] |= 8
    return bytes(octets)


def civil(days: int) -> tuple[int, int, int]:
    """Year, month and day of so many days after 1970-01-01; of this century and the last quarter of the one before."""
    year = 1970
    while days >= 365 + (year % 4 == 0):
        days -= 365 + (year % 4 == 0)
        year += 1
    month = 1
    while days >= _days_in(year, month):
        days -= _days_in(year, month)
        month += 1
    return year, month, days + 1


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _swapped(value: int) -> int:
    return value % 10 << 4 | value // 10


def _deliver(sender: str, coding: int, has_header: bool, user_data: bytes, unix_s: int, centre: str) -> bytes:
    kind = _DELIVER | _NO_MORE_MESSAGES | (_HAS_HEADER if has_header else 0)
    return _centre(centre) + bytes((kind,)) + _sender(sender) + bytes((0, coding)) + semi_octets(unix_s) + user_data


def _counted(octets: bytes) -> bytes:
    if len(octets) > USER_DATA_BYTES:
        raise PduError("too_long")
    return bytes((len(octets),)) + octets


def _centre(number: str) -> bytes:
    """The service centre's address counts bytes, its type included."""
    address = fields.address(number)
    return bytes((len(address) - 1,)) + address[1:]


def _sender(sender: str) -> bytes:
    """A number, or a name of at most eleven letters (TS 23.040 9.1.2.5, alphanumeric)."""
    if sender.lstrip("+").isdigit():
        return fields.address(sender)
    septets = text.to_septets(sender)
    if septets is None or len(septets) > 11:
        raise PduError("number")
    packed = text.packed(septets)
    return bytes(((len(septets) * 7 + 3) // 4, 0xD0)) + packed
