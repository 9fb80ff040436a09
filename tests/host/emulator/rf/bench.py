"""A bench: a clock that the test moves, a field, a reader chip, and the few pokes at its registers that tests need."""

from __future__ import annotations

from emulator.mfrc522 import Mfrc522
from emulator.mfrc522 import registers as reg
from emulator.mfrc522.crc import crc16
from emulator.rf import Field

POLL_US = 28
MAX_POLLS = 2_000


class BenchClock:
    def __init__(self) -> None:
        self.now_us = 1_000_000

    def advance(self, us: int) -> None:
        self.now_us += us


class Bench:
    """Register pokes, no driver: every access costs 28 us, as on the board."""

    def __init__(self, version: int = 0x92, seed: int = 0) -> None:
        self.clock = BenchClock()
        self.field = Field(self.clock, seed)
        self.chip = Mfrc522(self.clock, self.field, version, seed)

    def read(self, register: int) -> int:
        self.clock.advance(POLL_US)
        return self.chip.transfer(bytes([0x80 | register << 1, 0]))[1]

    def write(self, register: int, *values: int) -> None:
        self.clock.advance(POLL_US)
        self.chip.transfer(bytes([register << 1, *values]))

    def read_fifo(self) -> bytes:
        count = self.read(reg.FIFO_LEVEL)
        self.clock.advance(POLL_US)
        return self.chip.transfer(bytes([0x80 | reg.FIFO_DATA << 1] * count + [0]))[1:]

    def field_on(self, timeout_units: int = 2_000) -> None:
        """Antenna on, timer of `timeout_units` x 25 us started by every transmission; cards get time to wake up."""
        self.write(reg.T_MODE, 0x80)
        self.write(reg.T_PRESCALER, 0xA9)
        self.write(reg.T_RELOAD_H, timeout_units >> 8)
        self.write(reg.T_RELOAD_L, timeout_units & 0xFF)
        self.write(reg.TX_ASK, 0x40)
        self.write(reg.MODE, 0x3D)
        self.write(reg.TX_CONTROL, 0x83)
        self.clock.advance(5_000)

    def transceive(self, data: bytes, *, last_bits: int = 0, align: int = 0, crc: bool = False) -> tuple[bytes, int]:
        """Send and wait for RxIRq or the timer. Returns the FIFO and the bits received."""
        for register in (reg.TX_MODE, reg.RX_MODE):
            self.write(register, 0x80 if crc else 0x00)
        self.write(reg.COMMAND, reg.IDLE)
        self.write(reg.COM_IRQ, 0x7F)
        self.write(reg.FIFO_LEVEL, reg.FLUSH_BUFFER)
        self.write(reg.BIT_FRAMING, align << 4 | last_bits)
        self.write(reg.FIFO_DATA, *data)
        self.write(reg.COMMAND, reg.TRANSCEIVE)
        self.write(reg.BIT_FRAMING, reg.START_SEND | align << 4 | last_bits)
        self.wait(reg.RX_IRQ | reg.TIMER_IRQ)
        self.write(reg.BIT_FRAMING, align << 4 | last_bits)
        answer = self.read_fifo()
        valid = self.read(reg.CONTROL) & 7
        bits = len(answer) * 8 - (8 - valid if valid else 0) - (align if answer else 0)
        return answer, bits

    def wait(self, irqs: int) -> int:
        for _ in range(MAX_POLLS):
            pending = self.read(reg.COM_IRQ)
            if pending & irqs:
                return pending
        raise AssertionError("neither answer nor timer")

    def request(self, command: int = 0x26) -> bytes:
        return self.transceive(bytes([command]), last_bits=7)[0]

    def select(self) -> bytes:
        """Wake and select the only card in the field; returns its UID."""
        self.write(reg.STATUS2, 0)
        assert self.request(0x52) or self.request(0x52)  # the first may only have sent it back to sleep
        uid = b""
        for code in (0x93, 0x95, 0x97):
            level, _ = self.transceive(bytes([code, 0x20]))
            sak, _ = self.transceive(bytes([code, 0x70]) + level, crc=True)
            uid += level[1:4] if sak[0] & 0x04 else level[:4]
            if not sak[0] & 0x04:
                return uid
        raise AssertionError("a UID has at most three parts")

    def authenticate(self, block: int, key: bytes, uid: bytes, command: int = 0x60) -> bool:
        self.write(reg.COMMAND, reg.IDLE)
        self.write(reg.COM_IRQ, 0x7F)
        self.write(reg.FIFO_LEVEL, reg.FLUSH_BUFFER)
        self.write(reg.FIFO_DATA, command, block, *key, *uid[-4:])
        self.write(reg.COMMAND, reg.MF_AUTHENT)
        self.wait(reg.IDLE_IRQ | reg.TIMER_IRQ)
        return bool(self.read(reg.STATUS2) & reg.CRYPTO1_ON)

    def read_block(self, block: int) -> bytes:
        return self.transceive(bytes([0x30, block]), crc=True)[0]

    def command(self, *data: int) -> int | None:
        """A command that is answered with four bits; None without an answer."""
        frame = bytes(data) + crc16(bytes(data)).to_bytes(2, "little")
        answer, bits = self.transceive(frame)
        return answer[0] if bits == 4 else None

    def write_block(self, block: int, data: bytes) -> int | None:
        """The code of the second answer, or of the first if that was no ACK."""
        first = self.command(0xA0, block)
        return self.command(*data) if first == 0xA else first
