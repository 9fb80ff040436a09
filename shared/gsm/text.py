"""Text in an SMS: the 7-bit default alphabet with its extension, and UCS-2 (3GPP TS 23.038 6.2)."""

_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\ufffdÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = 0x1B
_EXTENSION = {10: "\f", 20: "^", 40: "{", 41: "}", 47: "\\", 60: "[", 61: "~", 62: "]", 64: "|", 101: "€"}
_UNREADABLE = "\ufffd"


def septets(octets: bytes, count: int, skipped: int) -> str:
    """``count`` septets lie packed in the octets; the first ``skipped`` ones are a header."""
    text = ""
    escaped = False
    for position in range(skipped, min(count, len(octets) * 8 // 7)):
        bit = position * 7
        pair = octets[bit // 8] | (octets[bit // 8 + 1] << 8 if bit // 8 + 1 < len(octets) else 0)
        value = pair >> bit % 8 & 0x7F
        if escaped:
            text += _EXTENSION.get(value, _ALPHABET[value])
            escaped = False
        elif value == _ESCAPE:
            escaped = True
        else:
            text += _ALPHABET[value]
    return text


def ucs_2(octets: bytes) -> str:
    """Big-endian; pairs of surrogates are taken as UTF-16 has them, half ones are unreadable."""
    text = ""
    high = 0
    for position in range(0, len(octets) - 1, 2):
        value = octets[position] << 8 | octets[position + 1]
        if 0xD800 <= value < 0xDC00:
            text += _UNREADABLE if high else ""
            high = value
        elif 0xDC00 <= value < 0xE000:
            text += chr(0x10000 + (high - 0xD800 << 10 | value - 0xDC00)) if high else _UNREADABLE
            high = 0
        else:
            text += (_UNREADABLE if high else "") + chr(value)
            high = 0
    return text + (_UNREADABLE if high else "")


def to_septets(text: str) -> "bytes | None":
    """One value a byte; None if the 7-bit alphabet cannot write this."""
    values = bytearray()
    for letter in text:
        value = _ALPHABET.find(letter)
        if value >= 0 and value != _ESCAPE:
            values.append(value)
            continue
        for extended, written in _EXTENSION.items():
            if written == letter:
                values += bytes((_ESCAPE, extended))
                break
        else:
            return None
    return bytes(values)


def packed(values: bytes) -> bytes:
    """Eight septets in seven octets."""
    bits = 0
    for position, value in enumerate(values):
        bits |= value << position * 7
    return bits.to_bytes((len(values) * 7 + 7) // 8, "little")


def to_ucs_2(text: str) -> bytes:
    """Big-endian UTF-16: what lies beyond the first 65,536 characters becomes a pair."""
    octets = bytearray()
    for letter in text:
        value = ord(letter)
        if value >= 0x10000:
            value -= 0x10000
            octets += (0xD800 | value >> 10).to_bytes(2, "big")
            value = 0xDC00 | value & 0x3FF
        octets += value.to_bytes(2, "big")
    return bytes(octets)
