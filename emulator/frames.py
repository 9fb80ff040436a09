"""Frames on the seam between a board's MicroPython process and the emulator.

Board -> emulator, one item after another:      now_us u64, operation u8, argument u8, length u16, payload
Emulator -> board, one answer per request:      now_us u64, value i32, interrupts u16, flags u16, payload

All little-endian: both sides run on the same machine and neither stores a frame. Items below FIRST_REQUEST
are outputs that nobody answers; the board sends them together with its next request, because virtual time
stands still in between. The payload of an answer is as long as the request implies (see each operation), so
the board reads it into the caller's buffer without asking twice.

The board's half is `board/_link.py` and the stand-ins beside it; a test compares their numbers with these.
"""

import struct
from enum import IntEnum, IntFlag
from typing import Final, NamedTuple

from emulator.errors import BrokenSeam

ITEM_HEAD: Final = struct.Struct("<QBBH")
ANSWER_HEAD: Final = struct.Struct("<QiHH")
BOOT_ANSWER: Final = struct.Struct("<qqIBB6sH")
FIRST_REQUEST: Final = 0x80
MAX_PAYLOAD_BYTES: Final = 0xFFFF


class Op(IntEnum):
    """What a board says or asks. The argument is the pin, bus or port number unless it says otherwise."""

    PIN_WRITE = 0x01  # payload: level u8, which an input keeps for the day it drives
    PIN_MODE = 0x02  # payload: mode u8 (0: as it is), pull u8 (255: as it is)
    PIN_IRQ = 0x03  # payload: trigger u8, interrupt slot u8
    PWM = 0x04  # payload: frequency_hz u32, duty u16
    SPI_WRITE = 0x05  # payload: bytes to the device
    UART_SETUP = 0x06  # payload: baudrate u32, receive_buffer u16
    UART_WRITE = 0x07  # payload: bytes to the line
    WATCHDOG = 0x08  # payload: timeout_ms u32; also each feed
    CLOCK_SET = 0x09  # payload: wall clock minus board clock, us i64
    WAKE = 0x0B  # real time only: answer the waiting request now, a socket is ready
    HEAP = 0x0C  # payload: text, one line of the heap report
    SPI_SETUP = 0x0D  # payload: baudrate u32
    I2C_SETUP = 0x0E  # payload: frequency_hz u32
    FLASH_READS = 0x0F  # payload: count u32 since the last one

    BOOT = 0x80  # -> BOOT_ANSWER
    WAIT = 0x81  # argument: mask of UARTs whose input ends the wait; payload: until_us u64
    SYNC = 0x82  # nothing but the clock; argument: 0 or a TurnMark
    PIN_READ = 0x83  # -> value = level
    SPI_TRANSFER = 0x84  # payload: bytes to the device -> as many bytes
    SPI_READ = 0x85  # payload: fill u8, pad, length u16 -> length bytes
    I2C_WRITE = 0x86  # argument: address -> value = acknowledged bytes or -1
    I2C_READ = 0x87  # argument: address; payload: length u16 -> length bytes, value = -1 when nobody answers
    UART_ANY = 0x88  # -> value = bytes waiting
    UART_READ = 0x89  # payload: limit u16, stop at newline u8 -> value = length, then so many bytes
    FLASH_PROGRAM = 0x8A  # payload: offset u32, data
    FLASH_ERASE = 0x8B  # payload: offset u32
    ENTROPY = 0x8C  # payload: length u16 -> length bytes
    RESET = 0x8D  # argument: 0 machine.reset, 1 soft reset; never answered
    HALT = 0x8E  # firmware came to its end; never answered (a real board sits in its REPL)
    WIFI = 0x8F  # argument: WifiAsk; payload: text -> value
    PIN_LATCH = 0x90  # -> value = the level that was last written to it


class TurnMark(IntEnum):
    """Argument of Op.SYNC from a board whose turns are watched."""

    BEGINS = 1
    ENDS = 2
    LOOPED = 3  # the reference loop, which follows each turn, has come to its end,
    ASKED = 4  # and behind it this question alone


class WifiAsk(IntEnum):
    """Argument of Op.WIFI."""

    STATUS = 0
    ACTIVATE = 1  # payload: u8
    CONNECT = 2  # payload: network name, NUL, key
    DISCONNECT = 3
    SIGNAL = 4  # -> value = dBm
    INITIALISE = 5  # the driver takes its buffers


class Flag(IntFlag):
    """What every answer tells besides the time."""

    UART_0 = 1  # input waits on UART 0, 1, 2
    UART_1 = 2
    UART_2 = 4
    NETWORK = 8  # packets pass: the network is up and the board is joined to it


class Item(NamedTuple):
    """One output or request of a board."""

    time_us: int
    op: int
    argument: int
    payload: bytes


class ItemParser:
    """Cuts the byte stream of one board into items. Bounded: a frame is at most 12 + 65535 bytes."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> list[Item]:
        buffer = self._pending + data if self._pending else data
        items = []
        position = 0
        while len(buffer) - position >= ITEM_HEAD.size:
            time_us, op, argument, length = ITEM_HEAD.unpack_from(buffer, position)
            if op not in _KNOWN:
                raise BrokenSeam(f"unknown operation 0x{op:02x}")
            end = position + ITEM_HEAD.size + length
            if end > len(buffer):
                break
            items.append(Item(time_us, op, argument, buffer[position + ITEM_HEAD.size : end]))
            position = end
        self._pending = buffer[position:]
        return items


_KNOWN: Final = frozenset(int(op) for op in Op)
