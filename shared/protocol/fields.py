"""Fixed records of fields: one declaration that the codec and docs/formats.md are both made from.

A field is (name, kind, bytes): kind "u" an unsigned number, most significant byte first; kind "b" raw bytes.
"""

from protocol.errors import Malformed, OutOfRange, TooLong


class Struct:
    """Something with FIELDS. Two are equal when their bytes are."""

    FIELDS: tuple[tuple[str, str, int], ...] = ()

    def encode(self) -> bytes:
        return pack(self.FIELDS, self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Struct) and type(self) is type(other) and self.encode() == other.encode()

    def __hash__(self) -> int:
        return hash(self.encode())


def size_bytes(fields: tuple[tuple[str, str, int], ...]) -> int:
    return sum([field[2] for field in fields])


def pack(fields: tuple[tuple[str, str, int], ...], record: object) -> bytes:
    parts = []
    for name, kind, size in fields:
        value = getattr(record, name)
        parts.append(unsigned(value, size, name) if kind == "u" else raw(value, size, name))
    return b"".join(parts)


def unpack(fields: tuple[tuple[str, str, int], ...], data: bytes) -> list:  # type: ignore[type-arg]
    """The values in the fields' order; the data must be exactly as long as the fields."""
    if len(data) != size_bytes(fields):
        raise Malformed("%d bytes where %d were expected" % (len(data), size_bytes(fields)))
    values = []
    offset = 0
    for _, kind, size in fields:
        part = data[offset : offset + size]
        values.append(int.from_bytes(part, "big") if kind == "u" else bytes(part))
        offset += size
    return values


def unsigned(value: int, size: int, name: str) -> bytes:
    if not isinstance(value, int):
        raise Malformed(name + " is not a number")
    if not 0 <= value < 1 << 8 * size:
        raise OutOfRange(name + " does not fit %d bytes" % size)
    return value.to_bytes(size, "big")


def raw(value: bytes, size: int, name: str) -> bytes:
    if not isinstance(value, (bytes, bytearray)) or len(value) != size:
        raise Malformed(name + " must be %d bytes" % size)
    return bytes(value)


def rest(value: bytes, max_bytes: int, name: str) -> bytes:
    """A last field of variable length: whatever the record's length leaves."""
    if not isinstance(value, (bytes, bytearray)):
        raise Malformed(name + " is not bytes")
    if len(value) > max_bytes:
        raise TooLong(name + " is longer than %d bytes" % max_bytes)
    return bytes(value)
