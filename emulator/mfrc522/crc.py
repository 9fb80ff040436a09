"""The CRC coprocessor (data sheet 8.5): x^16 + x^12 + x^5 + 1, four presets, least significant bit first."""

from __future__ import annotations

from typing import Final

PRESETS: Final = (0x0000, 0x6363, 0xA671, 0xFFFF)
PRESET_A: Final = 0x6363  # what ISO/IEC 14443 type A frames use, whatever ModeReg says


def _table_entry(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value


_TABLE: Final = tuple(_table_entry(value) for value in range(256))


def crc16(data: bytes, preset: int = PRESET_A) -> int:
    for value in data:
        preset = preset >> 8 ^ _TABLE[(preset ^ value) & 0xFF]
    return preset


def reversed_bits(value: int) -> int:
    """MSBFirst shows each half of the result with its bits reversed."""
    return int(f"{value:08b}"[::-1], 2)
