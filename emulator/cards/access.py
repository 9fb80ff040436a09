"""Access conditions of a MIFARE Classic sector (MF1S50YYX data sheet 8.7): which key may do what, by the three access
bits C1 C2 C3 of each block, stored with their complement in bytes 6 to 8 of the sector trailer."""

from __future__ import annotations

A = 1  # allowed after authentication with key A
B = 2  # ... with key B
AB = A | B
NEVER = 0

TRANSPORT = b"\xff\x07\x80\x69"  # as delivered: data blocks free, trailer written with key A, key B readable

# (read, write, increment, decrement/transfer/restore) by C1 C2 C3
_DATA = {
    0b000: (AB, AB, AB, AB),
    0b010: (AB, NEVER, NEVER, NEVER),
    0b100: (AB, B, NEVER, NEVER),
    0b110: (AB, B, B, AB),
    0b001: (AB, NEVER, NEVER, AB),
    0b011: (B, B, NEVER, NEVER),
    0b101: (B, NEVER, NEVER, NEVER),
    0b111: (NEVER, NEVER, NEVER, NEVER),
}
# (write key A, read access bits, write access bits, read key B, write key B) by C1 C2 C3
_TRAILER = {
    0b000: (A, A, NEVER, A, A),
    0b010: (NEVER, A, NEVER, A, NEVER),
    0b100: (B, AB, NEVER, NEVER, B),
    0b110: (NEVER, AB, NEVER, NEVER, NEVER),
    0b001: (A, A, A, A, A),
    0b011: (B, AB, B, NEVER, B),
    0b101: (NEVER, AB, B, NEVER, NEVER),
    0b111: (NEVER, AB, NEVER, NEVER, NEVER),
}


class BlockAccess:
    """Who may do what with one data block."""

    __slots__ = ("decrement", "increment", "read", "write")

    def __init__(self, bits: int) -> None:
        self.read, self.write, self.increment, self.decrement = _DATA[bits]


class TrailerAccess:
    """Who may do what with the sector trailer."""

    __slots__ = ("read_bits", "read_key_b", "write_bits", "write_key_a", "write_key_b")

    def __init__(self, bits: int) -> None:
        self.write_key_a, self.read_bits, self.write_bits, self.read_key_b, self.write_key_b = _TRAILER[bits]

    @property
    def write_anything(self) -> int:
        return self.write_key_a | self.write_bits | self.write_key_b


def decode(trailer: bytes | bytearray) -> list[int] | None:
    """C1 C2 C3 of the sector's four blocks (C1 is the high bit), or None if they contradict their complement."""
    inverted = trailer[6] | (trailer[7] & 0x0F) << 8
    plain = trailer[7] >> 4 | trailer[8] << 4
    if inverted ^ plain != 0xFFF:
        return None
    return [(plain >> i & 1) << 2 | (plain >> i + 4 & 1) << 1 | plain >> i + 8 & 1 for i in range(4)]


def encode(block_bits: list[int]) -> bytes:
    """Bytes 6 to 8 of the trailer for C1 C2 C3 of the four blocks."""
    plain = 0
    for i, bits in enumerate(block_bits):
        plain |= (bits >> 2 & 1) << i | (bits >> 1 & 1) << i + 4 | (bits & 1) << i + 8
    inverted = plain ^ 0xFFF
    return bytes([inverted & 0xFF, inverted >> 8 | (plain & 0x0F) << 4, plain >> 4])
