"""Heads of CBOR items (RFC 8949 3), and no more: a machine that seals a report has no room for the codec (cbor.py)."""

from protocol.errors import OutOfRange

UNSIGNED, NEGATIVE, BYTES, TEXT, LIST, DICT, TAG, SIMPLE = range(8)


def head(major: int, number: int) -> bytes:
    """Major type and number, in the shortest form (RFC 8949 4.2.1)."""
    if number < 0 or number >> 64:
        raise OutOfRange("no 64-bit number")
    if number < 24:
        return bytes((major << 5 | number,))
    code = 0
    while number >> (8 << code):
        code += 1
    return bytes((major << 5 | 24 + code,)) + number.to_bytes(1 << code, "big")
