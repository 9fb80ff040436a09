"""CBOR (RFC 8949), deterministic form only (section 4.2.1): one value has one encoding.

Law: only numbers, byte strings, texts, lists, dicts, tags, booleans and None; no floats, nothing of indefinite length.
What a decoder of ours accepts, it would encode to the same bytes.
"""

from protocol.cbor_head import BYTES, DICT, LIST, NEGATIVE, SIMPLE, TAG, TEXT, UNSIGNED, head
from protocol.errors import Malformed, TooLong

MAX_DEPTH = 8  # lists, dicts and tags inside each other
MAX_BYTES = 16384
MAX_ITEMS = 1024  # in one list or dict


class Tag:
    def __init__(self, number: int, value: object) -> None:
        self.number = number
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tag) and self.number == other.number and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.number)


def encode(value: object) -> bytes:
    output = bytearray()
    _encode(value, output, 0)
    if len(output) > MAX_BYTES:
        raise TooLong("more than %d bytes of CBOR" % MAX_BYTES)
    return bytes(output)


def decode(data: bytes) -> object:
    if len(data) > MAX_BYTES:
        raise TooLong("more than %d bytes of CBOR" % MAX_BYTES)
    value, end = _decode(bytes(data), 0, 0)
    if end != len(data):
        raise Malformed("bytes after the CBOR item")
    return value


def _encode(value: object, output: bytearray, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TooLong("CBOR nested too deep")
    if len(output) > MAX_BYTES:
        raise TooLong("more than %d bytes of CBOR" % MAX_BYTES)
    if value is None or value is True or value is False:
        output.append(0xF6 if value is None else 0xF4 + (value is True))
    elif isinstance(value, int):
        output.extend(head(NEGATIVE if value < 0 else UNSIGNED, -1 - value if value < 0 else value))
    elif isinstance(value, (bytes, bytearray)):
        output.extend(head(BYTES, len(value)))
        output.extend(value)
    elif isinstance(value, str):
        text = _utf8(value)
        output.extend(head(TEXT, len(text)))
        output.extend(text)
    elif isinstance(value, (list, tuple)):
        output.extend(head(LIST, len(value)))
        for item in value:
            _encode(item, output, depth + 1)
    elif isinstance(value, dict):
        _encode_dict(value, output, depth)
    elif isinstance(value, Tag):
        output.extend(head(TAG, value.number))
        _encode(value.value, output, depth + 1)
    else:
        raise Malformed("no CBOR of ours for " + type(value).__name__)


def _encode_dict(value: dict[object, object], output: bytearray, depth: int) -> None:
    """Keys in the order of their encoded bytes (RFC 8949 4.2.1)."""
    output.extend(head(DICT, len(value)))
    pairs = []
    for key in value:
        _check_key(key)
        pairs.append((encode(key), value[key]))
    pairs.sort(key=lambda pair: pair[0])
    for key_bytes, item in pairs:
        output.extend(key_bytes)
        _encode(item, output, depth + 1)


def _decode(data: bytes, offset: int, depth: int) -> tuple[object, int]:
    """(value, offset after it)."""
    if depth > MAX_DEPTH:
        raise TooLong("CBOR nested too deep")
    major, number, offset = _decode_head(data, offset)
    if major == UNSIGNED:
        return number, offset
    if major == NEGATIVE:
        return -1 - number, offset
    if major in (BYTES, TEXT):
        end = offset + number
        if end > len(data):
            raise Malformed("CBOR string cut short")
        part = data[offset:end]
        return (part if major == BYTES else _text(part)), end
    if major == LIST:
        return _decode_list(data, offset, number, depth)
    if major == DICT:
        return _decode_dict(data, offset, number, depth)
    if major == TAG:
        value, offset = _decode(data, offset, depth + 1)
        return Tag(number, value), offset
    return _simple(number), offset


def _decode_head(data: bytes, offset: int) -> tuple[int, int, int]:
    """(major type, number, offset after the head); the number must be in its shortest form."""
    if offset >= len(data):
        raise Malformed("CBOR cut short")
    major, number = data[offset] >> 5, data[offset] & 31
    offset += 1
    if number < 24:
        return major, number, offset
    if number > 27 or major == SIMPLE:
        raise Malformed("floats and indefinite lengths are not used")
    size = 1 << number - 24
    if offset + size > len(data):
        raise Malformed("CBOR cut short")
    value = int.from_bytes(data[offset : offset + size], "big")
    if value < 24 or (size > 1 and not value >> 4 * size):
        raise Malformed("a CBOR number longer than needed")
    return major, value, offset + size


def _decode_list(data: bytes, offset: int, count: int, depth: int) -> tuple[object, int]:
    if count > MAX_ITEMS:
        raise TooLong("a CBOR list of more than %d items" % MAX_ITEMS)
    items = []
    for _ in range(count):
        item, offset = _decode(data, offset, depth + 1)
        items.append(item)
    return items, offset


def _decode_dict(data: bytes, offset: int, count: int, depth: int) -> tuple[object, int]:
    if count > MAX_ITEMS:
        raise TooLong("a CBOR map of more than %d items" % MAX_ITEMS)
    items: dict[object, object] = {}
    previous = b""
    for _ in range(count):
        start = offset
        key, offset = _decode(data, offset, depth + 1)
        _check_key(key)
        key_bytes = data[start:offset]
        if key_bytes <= previous:
            raise Malformed("CBOR map keys out of order")
        previous = key_bytes
        items[key], offset = _decode(data, offset, depth + 1)
    return items, offset


def _check_key(key: object) -> None:
    if isinstance(key, bool) or not isinstance(key, (int, str, bytes)):
        raise Malformed("a CBOR map's key is a number, a text or bytes")


def _simple(number: int) -> bool | None:
    if number == 20 or number == 21:
        return number == 21
    if number == 22:
        return None
    raise Malformed("a CBOR simple value that is not used")


def _utf8(value: str) -> bytes:
    try:
        return value.encode()
    except ValueError:
        raise Malformed("a text that is no Unicode") from None


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except ValueError:
        raise Malformed("a text that is not UTF-8") from None
