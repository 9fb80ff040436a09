"""Fields that several kinds of SMS PDU share (3GPP TS 23.040 9.1.2): addresses, headers; a cursor with an end."""

from gsm.errors import PduError

try:
    from micropython import const
except ImportError:
    from gsm.elsewhere import const

USER_DATA_BYTES = 140
BITS_7, BITS_8, UCS_2 = 7, 8, 16  # what alphabet() gives

_MAX_DIGITS = const(20)  # TS 23.040 9.1.2.5

_DIGITS = "0123456789*#abc"
_FILLER = const(15)
_NATIONAL = const(0x81)  # type of number unknown, numbering plan E.164
_INTERNATIONAL = const(0x91)
_TYPE_MASK = const(0x70)
_TYPE_INTERNATIONAL = const(0x10)
_TYPE_ALPHANUMERIC = const(0x50)
_CONCATENATION = const(0x00)  # information element identifiers, TS 23.040 9.2.3.24
_CONCATENATION_16 = const(0x08)


class Cursor:
    """Takes bytes off the front; never reads past the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise PduError("cut_short")
        self._at += count
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def address(self) -> str:
        """An address field: its length counts digits, not bytes (9.1.2.5)."""
        digits = self.byte()
        kind = self.byte()
        if digits > _MAX_DIGITS:
            raise PduError("number")
        octets = self.take((digits + 1) // 2)
        if kind & _TYPE_MASK == _TYPE_ALPHANUMERIC:
            from gsm.text import septets

            return septets(octets, digits * 4 // 7, 0)
        return _number(octets, digits, kind)

    def skip_service_centre(self) -> None:
        """In front of the PDU proper: its length in bytes (TS 27.005 3.1)."""
        self.take(self.byte())


def _number(octets: bytes, digits: int, kind: int) -> str:
    text = "+" if kind & _TYPE_MASK == _TYPE_INTERNATIONAL else ""
    for position in range(digits):
        value = octets[position // 2] >> (position % 2 * 4) & 15
        if value >= len(_DIGITS):
            raise PduError("number")
        text += _DIGITS[value]
    return text


def address(number: str) -> bytes:
    """The address field of a phone number, with its "+" or without."""
    digits = number[1:] if number[:1] == "+" else number
    if not 0 < len(digits) <= _MAX_DIGITS:
        raise PduError("number")
    octets = bytearray((len(digits) + 1) // 2)
    for position, digit in enumerate(digits):
        value = _DIGITS.find(digit)
        if value < 0:
            raise PduError("number")
        octets[position // 2] |= value << (position % 2 * 4)
    if len(digits) % 2:
        octets[-1] |= _FILLER << 4
    return bytes((len(digits), _INTERNATIONAL if number[:1] == "+" else _NATIONAL)) + octets


def alphabet(coding: int) -> int:
    """BITS_7, BITS_8 or UCS_2 of a data coding scheme (3GPP TS 23.038 4). Reserved ones count as the 7-bit alphabet."""
    group = coding >> 4
    if group < 8:
        if coding & 0x20:
            raise PduError("compressed")
        return (BITS_7, BITS_8, UCS_2, BITS_7)[coding >> 2 & 3]
    if group == 15:
        return BITS_8 if coding & 4 else BITS_7
    return UCS_2 if group == 14 else BITS_7


def concatenation(header: bytes) -> tuple[int, int, int]:
    """(reference, part, parts) of a user data header; (0, 1, 1) for a message of one part. Skips the rest."""
    cursor = Cursor(header)
    found = (0, 1, 1)
    left = len(header)
    while left:
        kind, length = cursor.byte(), cursor.byte()
        element = cursor.take(length)
        left -= 2 + length
        if kind == _CONCATENATION and length == 3:
            found = (element[0], element[2], element[1])
        elif kind == _CONCATENATION_16 and length == 4:
            found = (element[0] << 8 | element[1], element[3], element[2])
    if not 1 <= found[1] <= found[2]:
        raise PduError("header")
    return found


def concatenation_header(reference: int, part: int, parts: int) -> bytes:
    """With its length in front; nothing for a message of one part."""
    if parts == 1:
        return b""
    return bytes((5, _CONCATENATION, 3, reference & 0xFF, parts, part))
