"""Value blocks of MIFARE Classic (MF1S50YYX data sheet 8.6.2.1): a signed 32-bit value three times, once inverted, and
an address byte four times, twice inverted."""

from __future__ import annotations


def decode(block: bytes | bytearray) -> tuple[int, int] | None:
    """(value, address), or None if the block does not have the form of a value block."""
    value, inverted, again = block[0:4], block[4:8], block[8:12]
    address = block[12]
    well_formed = (
        value == again
        and bytes(byte ^ 0xFF for byte in value) == inverted
        and block[14] == address
        and block[13] == block[15] == address ^ 0xFF
    )
    return (int.from_bytes(value, "little", signed=True), address) if well_formed else None


def encode(value: int, address: int) -> bytes:
    raw = (value & 0xFFFFFFFF).to_bytes(4, "little")
    inverted = bytes(byte ^ 0xFF for byte in raw)
    return raw + inverted + raw + bytes([address, address ^ 0xFF, address, address ^ 0xFF])
