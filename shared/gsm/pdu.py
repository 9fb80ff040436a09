"""SMS PDUs of the phone's side (3GPP TS 23.040 9.2.2): SUBMIT out, DELIVER and STATUS-REPORT in. 8-bit data is carried;
text is read when somebody asks for it. PDUs begin with the service centre's address, as AT+CMGS and AT+CMGR have them.
"""

from gsm.errors import PduError
from gsm.fields import Cursor, address, alphabet, concatenation, concatenation_header

try:
    from micropython import const
except ImportError:
    from gsm.elsewhere import const

PART_BYTES = const(134)  # 140 less the header that says which part it is
MAX_PARTS = const(4)
MAX_BYTES = const(MAX_PARTS * PART_BYTES)

_USER_DATA_BYTES = const(140)
_BITS_7 = const(7)  # as in gsm.fields
_BITS_8 = const(8)
_MAX_PDU_BYTES = const(12 + 1 + 1 + 12 + 1 + 1 + 7 + 1 + _USER_DATA_BYTES)  # the longest of the kinds below, a DELIVER
_MAX_PENDING = const(4)
_TYPE_MASK = const(3)  # TP-MTI, 9.2.3.1
_DELIVER = const(0)
_SUBMIT = const(1)
_STATUS_REPORT = const(2)
_RELATIVE_VALIDITY = const(0x10)
_WANTS_REPORT = const(0x20)
_HAS_HEADER = const(0x40)
_OWN_SERVICE_CENTRE = b"\0"  # the SIM knows it
_EIGHT_BIT = const(4)  # data coding scheme: 8-bit data, no class
_FOUR_DAYS = const(170)  # validity, 9.2.3.12.1: what is later than that has been repeated
_TEMPORARY = const(0x20)  # status, 9.2.3.15: from here on not delivered, but the centre goes on trying
_PERMANENT = const(0x40)  # from here on it has given up
_TIME_BYTES = const(7)


def encode_submit(number: str, data: bytes, reference: int = 0, status_report: bool = False) -> list[tuple[bytes, int]]:
    """The parts of a message: each PDU with the length for AT+CMGS, which excludes the service centre's octet."""
    if len(data) > MAX_BYTES:
        raise PduError("too_long")
    size = _USER_DATA_BYTES if len(data) <= _USER_DATA_BYTES else PART_BYTES
    parts = max(1, (len(data) + size - 1) // size)
    kind = _SUBMIT | _RELATIVE_VALIDITY | (_WANTS_REPORT if status_report else 0) | (_HAS_HEADER if parts > 1 else 0)
    head = bytes((kind, 0)) + address(number) + bytes((0, _EIGHT_BIT, _FOUR_DAYS))
    messages = []
    for part in range(parts):
        content = concatenation_header(reference, part + 1, parts) + data[part * size : (part + 1) * size]
        pdu = head + bytes((len(content),)) + content
        messages.append((_OWN_SERVICE_CENTRE + pdu, len(pdu)))
    return messages


class UserData:
    """What a message carries: ``data`` if it is 8-bit data, else ``text``."""

    def __init__(self, cursor: Cursor, has_header: int, coding: int) -> None:
        self.alphabet = alphabet(coding)
        self._length = cursor.byte()  # septets or octets
        octets = (self._length * 7 + 7) // 8 if self.alphabet == _BITS_7 else self._length
        if octets > _USER_DATA_BYTES:
            raise PduError("too_long")
        self._content = cursor.take(octets)
        self._header_bytes = 0
        header = b""
        if has_header:
            inner = Cursor(self._content)
            header = inner.take(inner.byte())
            self._header_bytes = 1 + len(header)
        self.reference, self.part, self.parts = concatenation(header)

    @property
    def data(self) -> bytes:
        return self._content[self._header_bytes :] if self.alphabet == _BITS_8 else b""

    @property
    def text(self) -> "str | None":
        """None: it is data."""
        if self.alphabet == _BITS_8:
            return None
        from gsm.text import septets, ucs_2

        if self.alphabet == _BITS_7:
            skipped = (self._header_bytes * 8 + 6) // 7  # text begins at the next septet after the header
            return septets(self._content, self._length, skipped)
        return ucs_2(self._content[self._header_bytes :])


class Deliver(UserData):
    """A message for us (9.2.2.1)."""

    def __init__(self, cursor: Cursor) -> None:
        kind = _kind(cursor, _DELIVER)
        self.sender = cursor.address()
        cursor.byte()  # protocol identifier
        coding = cursor.byte()
        self._time = cursor.take(_TIME_BYTES)
        super().__init__(cursor, kind & _HAS_HEADER, coding)

    @property
    def time(self) -> int:
        """The service centre's time stamp in Unix seconds; 0: none that makes sense."""
        from gsm.timestamp import from_semi_octets

        return from_semi_octets(self._time)


class StatusReport:
    """What became of a message of ours (9.2.2.3). ``reference`` is the one that AT+CMGS answered."""

    def __init__(self, cursor: Cursor) -> None:
        _kind(cursor, _STATUS_REPORT)
        self.reference = cursor.byte()
        self.number = cursor.address()
        self.times = cursor.take(2 * _TIME_BYTES)  # when the centre got the message, when its fate was settled
        self.status = cursor.byte()
        self.delivered = self.status < _TEMPORARY
        self.temporary = _TEMPORARY <= self.status < _PERMANENT


def decode_deliver(pdu: bytes) -> Deliver:
    return Deliver(_opened(pdu))


def decode_status_report(pdu: bytes) -> StatusReport:
    return StatusReport(_opened(pdu))


def _opened(pdu: bytes) -> Cursor:
    if len(pdu) > _MAX_PDU_BYTES:
        raise PduError("too_long")
    cursor = Cursor(pdu)
    cursor.skip_service_centre()
    return cursor


def _kind(cursor: Cursor, wanted: int) -> int:
    kind = cursor.byte()
    if kind & _TYPE_MASK != wanted:
        raise PduError("unknown_type")
    return kind


class Joiner:
    """Parts become messages, in whatever order they come, twice too. Of the half ones only the latest are kept."""

    def __init__(self) -> None:
        self._pending: list[tuple[tuple[str, int, int], list[bytes | None]]] = []

    def add(self, message: Deliver) -> "bytes | None":
        """The whole message, if this part was the last that it lacked."""
        if message.parts == 1:
            return message.data
        if message.parts > MAX_PARTS:
            raise PduError("too_long")
        key = (message.sender, message.reference, message.parts)
        pieces = self._pieces(key)
        place = message.part - 1
        if pieces[place] not in (None, message.data):
            pieces[:] = [None] * message.parts  # the sender counted round: another message with the same number
        pieces[place] = message.data
        if None in pieces:
            return None
        self._pending.remove((key, pieces))
        return b"".join(pieces)  # type: ignore[arg-type]

    def _pieces(self, key: tuple[str, int, int]) -> list["bytes | None"]:
        for known, pieces in self._pending:
            if known == key:
                return pieces
        if len(self._pending) == _MAX_PENDING:
            self._pending.pop(0)
        pieces = [None] * key[2]
        self._pending.append((key, pieces))
        return pieces
