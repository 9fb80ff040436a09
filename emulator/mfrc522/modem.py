"""Transmitter and receiver: Transmit, Receive, Transceive (data sheet 10.3.1.4 to 10.3.1.8), between FIFO and field.

The FIFO is taken whole when a transmission starts, so frames beyond 64 bytes cannot be sent by refilling; reception
fills the FIFO byte by byte, so longer answers can be drained at the water level.

Cards hear a frame only if the encoder drives the antenna (TxSelReg.DriverSel) with full depth (TxASKReg.Force100ASK; a
shallow modulation is type B's), and never while AutoTestReg tests. The chip hears only what comes from its antenna
(RxSelReg.UARTSel), and nothing that begins within RxWait of its own last bit (9.3.2.8; Receive alone does not wait).

Where the data sheet leaves room: RxAlign counts into CollPos (the position in the FIFO's bits), the collided bit itself
reads 1, a 4-bit answer raises CRCErr under RxCRCEn and is stored or not (`Mfrc522.stores_short_answers`), and reserved
bits keep their reset value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.air import Frame, air_us, parity_bits
from emulator.mfrc522 import registers as reg
from emulator.mfrc522.crc import crc16
from emulator.rf import Exchange

if TYPE_CHECKING:
    from emulator.mfrc522.chip import Mfrc522

# ModemState of Status2 (9.3.1.9)
OFF, WAIT_START_SEND, TX_WAIT_RF, TRANSMITTING, RX_WAIT, WAIT_FOR_DATA, RECEIVING = range(7)

FIFTH_BIT_UNITS = 5  # the timer stops when this much of an answer has come in
COLLISION_POSITIONS = 32
MIN_VALID_BITS = 4  # shorter streams are ignored when RxNoErr is set


class Modem:
    """What is on its way between FIFO and field at the moment."""

    __slots__ = (
        "_aligned",
        "_bits",
        "_deaf_until_us",
        "_errors",
        "_pushed",
        "_tail",
        "_timer_stopped",
        "chip",
        "exchange",
        "state",
    )

    def __init__(self, chip: Mfrc522) -> None:
        self.chip = chip
        self.state = OFF
        self.exchange: Exchange | None = None
        self._aligned = b""  # received data as it goes into the FIFO
        self._bits = 0  # data bits of the answer
        self._tail = 0  # bytes at its end that do not go into the FIFO (the CRC)
        self._pushed = 0
        self._errors = 0
        self._timer_stopped = False
        self._deaf_until_us = 0  # RxWait

    def reset(self) -> None:
        self.state = OFF
        self.exchange = None

    def shown_state(self, time_us: int) -> int:
        """ModemState. The frame guard time is no event: it only shows here and in what is not heard."""
        return RX_WAIT if self.state == WAIT_FOR_DATA and time_us < self._deaf_until_us else self.state

    # --- sending ---------------------------------------------------------------------------------------------

    def start_send(self, time_us: int) -> None:
        """StartSend or Transmit: everything in the FIFO goes out as one frame."""
        chip = self.chip
        if chip.registers[reg.MODE] & reg.TX_WAIT_RF and not chip.field_on:
            self.state = TX_WAIT_RF
            return
        data = chip.fifo.take(len(chip.fifo))
        chip.fifo_changed()
        if not data:
            return
        last_bits = chip.registers[reg.BIT_FRAMING] & 7
        bits = len(data) * 8 - (8 - last_bits if last_bits else 0)
        if chip.registers[reg.TX_MODE] & reg.CRC_ENABLE:
            data += crc16(data).to_bytes(2, "little")
            bits = len(data) * 8
        self.send(data, bits, time_us)

    def send(self, data: bytes, bits: int, time_us: int) -> None:
        self.send_frame(self._sealed(data, bits), time_us)

    def send_frame(self, frame: Frame, time_us: int) -> None:
        self.exchange = self.chip.field.transmit(frame if self._intelligible() else Frame(b"", 0), time_us)
        self.state = TRANSMITTING
        self.chip.expect_events()

    def _intelligible(self) -> bool:
        """Whether a card makes anything of what is sent: none here understands higher rates either."""
        registers = self.chip.registers
        return (
            not registers[reg.TX_MODE] & reg.SPEED_MASK
            and registers[reg.TX_SEL] & reg.DRIVER_MASK == reg.DRIVER_ENCODER
            and bool(registers[reg.TX_ASK] & reg.FORCE_100_ASK)
            and not self.chip.self_test.enabled
        )

    def _sealed(self, data: bytes, bits: int) -> Frame:
        if bits & 7:
            data = data[:-1] + bytes([data[-1] & (1 << (bits & 7)) - 1])
        cipher = self.chip.cipher
        if cipher is None:
            return Frame(data, bits)
        stream, covers = cipher.keystream(bits)
        sealed = (int.from_bytes(data, "little") ^ stream).to_bytes(len(data), "little")
        return Frame(sealed, bits, parity_bits(data) ^ covers)

    # --- time ------------------------------------------------------------------------------------------------

    def next_event_us(self) -> int | None:
        """When something happens next; None while nothing is on its way."""
        exchange = self.exchange
        if exchange is None:
            return None
        if self.state == TRANSMITTING:
            return exchange.tx_end_us
        if exchange.reply is None or self.state not in (WAIT_FOR_DATA, RECEIVING):
            return None
        if self.state == WAIT_FOR_DATA:
            return exchange.reply_start_us
        fifth_bit_us = exchange.reply_start_us + air_us(FIFTH_BIT_UNITS)
        return fifth_bit_us if not self._timer_stopped else exchange.reply_end_us

    def happen(self) -> bool:
        """Do what is due. True when an answer has been received completely."""
        if self.state == TRANSMITTING:
            self.state = WAIT_FOR_DATA
            self._deaf_until_us = self._guarded_until_us()
        elif self.state == WAIT_FOR_DATA:
            self._begin_reception()
        elif not self._timer_stopped:
            self._timer_stopped = True
            self._stop_timer()
        else:
            self.state = OFF
            return True
        return False

    # --- receiving -------------------------------------------------------------------------------------------

    def _guarded_until_us(self) -> int:
        exchange, receiver = self.exchange, self.chip.registers[reg.RX_SEL]
        if exchange is None or self.chip.commands.current == reg.TRANSMIT:
            return 0
        return exchange.tx_end_us + air_us(receiver & reg.RX_WAIT_MASK)

    def _hears(self, exchange: Exchange) -> bool:
        registers = self.chip.registers
        return (
            exchange.reply_start_us >= self._deaf_until_us
            and registers[reg.RX_SEL] & reg.UART_MASK == reg.UART_ANTENNA
            and not registers[reg.RX_MODE] & reg.SPEED_MASK
        )

    def _begin_reception(self) -> None:
        exchange = self.exchange
        if exchange is not None and not self._hears(exchange):
            self.exchange = None
            return
        self.state = RECEIVING
        self._timer_stopped = False
        self._pushed = 0
        self._aligned = b""
        if exchange is None or exchange.reply is None or self.chip.commands.authentication is not None:
            return  # MFAuthent opens its answers itself
        if not self.chip.commands.listening:
            self.reset()
            return
        value = self._opened(exchange.reply)
        if exchange.collision_bit is not None:
            value = self._collided(value, exchange.collision_bit)
        align = self.chip.registers[reg.BIT_FRAMING] >> 4 & 7
        self._bits = exchange.reply.bits
        self._aligned = (value << align).to_bytes(self._bits + align + 7 >> 3, "little")
        if self.chip.registers[reg.RX_MODE] & reg.CRC_ENABLE:
            self._check_crc()

    def _stop_timer(self) -> None:
        """The start bit and four data bits stop it, unless more than one frame is expected (9.3.3.10)."""
        heard = self.exchange is not None and self.exchange.reply is not None and self.exchange.reply.bits >= 4
        if heard and not self.chip.registers[reg.RX_MODE] & reg.RX_MULTIPLE:
            self.chip.timer_stop()

    def _opened(self, frame: Frame) -> int:
        """The frame's bits in the clear, and the verdict on its parity."""
        value = int.from_bytes(frame.data, "little")
        whole = frame.bits >> 3
        covers = 0
        cipher = self.chip.cipher
        if cipher is not None:
            stream, covers = cipher.keystream(frame.bits)
            value ^= stream
        sent = parity_bits(frame.data) if frame.parity is None else frame.parity
        plain = value.to_bytes(len(frame.data), "little")
        wrong = (sent ^ covers ^ parity_bits(plain)) & (1 << whole) - 1
        self._errors = reg.PARITY_ERROR if wrong else 0
        self._tail = 0
        return value

    def _collided(self, value: int, bit: int) -> int:
        registers = self.chip.registers
        position = bit + 1 + (registers[reg.BIT_FRAMING] >> 4 & 7)
        self._errors |= reg.COLLISION_ERROR
        if position <= COLLISION_POSITIONS:
            registers[reg.COLL] = registers[reg.COLL] & reg.VALUES_AFTER_COLLISION | position & 0x1F
        if not registers[reg.COLL] & reg.VALUES_AFTER_COLLISION:
            value &= (1 << bit + 1) - 1
        return value

    def _check_crc(self) -> None:
        if self._bits & 7 or self._bits < 24 or crc16(self._aligned) != 0:
            self._errors |= reg.CRC_ERROR
        if self._bits < 8 and not self.chip.stores_short_answers:
            self._aligned = b""
        if self._bits >= 16 and not self._bits & 7:
            self._tail = 2

    def fill_fifo(self, time_us: int) -> None:
        """Move what has arrived by now into the FIFO."""
        exchange = self.exchange
        if self.state != RECEIVING or exchange is None:
            return
        if not self._aligned:
            return
        units = (time_us - exchange.reply_start_us) * 1_356 // 12_800 - 1
        arrived = min(max(0, units // 9), len(self._aligned) - 1) - self._tail
        self._push(arrived)

    def _push(self, count: int) -> None:
        if count > self._pushed:
            self.chip.fifo.extend(self._aligned[self._pushed : count])
            self._pushed = count
            self.chip.fifo_changed()
            if self.chip.fifo.overflowed:
                self.chip.raise_error(reg.BUFFER_OVERFLOW)

    def finish_reception(self) -> bool:
        """The answer ended: rest into the FIFO, error bits, RxLastBits. False if it was too short to count."""
        chip = self.chip
        exchange = self.exchange
        if exchange is None or exchange.reply is None:
            return False
        if exchange.reply.bits < self._bits:
            self._cut_short(exchange.reply.bits)
        if self._bits < MIN_VALID_BITS and chip.registers[reg.RX_MODE] & reg.RX_NO_ERROR:
            return False
        self._push(len(self._aligned) - self._tail)
        align = chip.registers[reg.BIT_FRAMING] >> 4 & 7
        chip.registers[reg.CONTROL] = chip.registers[reg.CONTROL] & ~7 | self._bits + align & 7
        chip.raise_error(self._errors)
        return True

    def _cut_short(self, bits: int) -> None:
        """The card left while it spoke: the stream breaks off inside a byte."""
        self._bits = bits
        align = self.chip.registers[reg.BIT_FRAMING] >> 4 & 7
        self._aligned = self._aligned[: bits + align + 7 >> 3]
        self._tail = 0
        if self.chip.registers[reg.RX_MODE] & reg.CRC_ENABLE:
            self._errors |= reg.CRC_ERROR
        if bits & 7 or not bits:
            self._errors |= reg.PARITY_ERROR
