"""The command set (data sheet 10): what CommandReg starts, how each command goes on, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.mfrc522 import modem as modem_states
from emulator.mfrc522 import registers as reg
from emulator.mfrc522.authent import PARAMETER_BYTES, Authentication
from emulator.mfrc522.crc import PRESETS, crc16, reversed_bits

if TYPE_CHECKING:
    from emulator.mfrc522.chip import Mfrc522

INTERNAL_BUFFER_BYTES: Final = 25
RANDOM_ID_BYTES: Final = 10


class CommandUnit:
    """The command under way."""

    __slots__ = ("authentication", "chip", "current", "internal_buffer")

    def __init__(self, chip: Mfrc522) -> None:
        self.chip = chip
        self.current = reg.IDLE
        self.authentication: Authentication | None = None
        self.internal_buffer = bytes(INTERNAL_BUFFER_BYTES)

    @property
    def listening(self) -> bool:
        """Whether the command under way takes answers into the FIFO."""
        return self.current in (reg.TRANSCEIVE, reg.RECEIVE)

    def cancel(self) -> None:
        """Reset or power-down: no command, and nobody is told."""
        self.current = reg.IDLE
        self.chip.self_test.stop()
        self.authentication = None

    def start(self, command: int, now: int) -> None:
        """Take over what CommandReg says; Idle only ends what was under way."""
        if not (command == reg.RECEIVE and self.current == reg.IDLE):
            self.chip.modem.reset()
        if self.authentication is not None:
            self.chip.switch_crypto_off()
            self.authentication = None
        self.chip.self_test.stop()
        self.chip.registers[reg.ERROR] &= reg.TEMPERATURE_ERROR
        self.current = command
        self._begin(command, now)

    def _begin(self, command: int, now: int) -> None:
        chip = self.chip
        if command == reg.TRANSCEIVE:
            chip.modem.state = modem_states.WAIT_START_SEND
            if chip.registers[reg.BIT_FRAMING] & reg.START_SEND:
                self.start_send(now)
        elif command == reg.TRANSMIT:
            self._prepare_reception()
            chip.modem.start_send(now)
        elif command == reg.RECEIVE:
            self._prepare_reception()
        elif command == reg.MF_AUTHENT:
            self._authenticate(now)
        elif command == reg.CALC_CRC and chip.self_test.enabled:
            chip.self_test.start(now)
        elif command == reg.CALC_CRC:
            chip.registers[reg.STATUS1] &= ~(reg.CRC_OK | reg.CRC_READY)
            self._store_crc(PRESETS[chip.registers[reg.MODE] & 3])
            self.calculate_crc()
        elif command == reg.MEM:
            self._exchange_internal_buffer()
        elif command == reg.GENERATE_RANDOM_ID:
            self.internal_buffer = chip.random.randbytes(RANDOM_ID_BYTES) + self.internal_buffer[RANDOM_ID_BYTES:]
            self._end_command()
        elif command not in reg.COMMANDS:
            self._end_command()

    def _end_command(self) -> None:
        """A command that ends by itself goes back to Idle and says so."""
        self.current = reg.IDLE
        self.chip.registers[reg.COM_IRQ] |= reg.IDLE_IRQ

    def start_send(self, now: int) -> None:
        chip = self.chip
        waiting = chip.modem.state in (modem_states.WAIT_START_SEND, modem_states.OFF)
        if self.current == reg.TRANSCEIVE and waiting:
            self._prepare_reception()
            chip.modem.start_send(now)

    def _prepare_reception(self) -> None:
        chip = self.chip
        chip.registers[reg.ERROR] &= reg.TEMPERATURE_ERROR
        chip.registers[reg.COLL] |= reg.COLLISION_POSITION_INVALID
        chip.registers[reg.CONTROL] &= ~7

    def _authenticate(self, now: int) -> None:
        """Starts with the parameters in the FIFO; with fewer than twelve bytes it waits for ever."""
        chip = self.chip
        self._prepare_reception()
        if len(chip.fifo) >= PARAMETER_BYTES:
            parameters = chip.fifo.take(PARAMETER_BYTES)
            chip.fifo_changed()
            self.authentication = Authentication(chip, parameters, now)

    def _exchange_internal_buffer(self) -> None:
        """Mem: 25 bytes out of a filled FIFO into the internal buffer, or back into an empty one."""
        chip = self.chip
        if len(chip.fifo):
            self.internal_buffer = chip.fifo.take(INTERNAL_BUFFER_BYTES).ljust(INTERNAL_BUFFER_BYTES, b"\0")
        else:
            chip.fifo.extend(self.internal_buffer)
        chip.fifo_changed()
        self._end_command()

    def calculate_crc(self) -> None:
        """CalcCRC swallows the FIFO and goes on with what is written later, until another command stops it."""
        chip, registers = self.chip, self.chip.registers
        high, low = registers[reg.CRC_RESULT_H], registers[reg.CRC_RESULT_L]
        if registers[reg.MODE] & 0x80:
            high, low = reversed_bits(high), reversed_bits(low)
        data = chip.fifo.take(len(chip.fifo))
        if registers[reg.MODE] & 0x80:
            data = bytes(reversed_bits(value) for value in data)
        self._store_crc(crc16(data, high << 8 | low))
        chip.fifo_changed()
        registers[reg.STATUS1] |= reg.CRC_READY
        registers[reg.DIV_IRQ] |= reg.CRC_IRQ

    def _store_crc(self, crc: int) -> None:
        chip = self.chip
        high, low = crc >> 8, crc & 0xFF
        if chip.registers[reg.MODE] & 0x80:
            high, low = reversed_bits(high), reversed_bits(low)
        chip.registers[reg.CRC_RESULT_H] = high
        chip.registers[reg.CRC_RESULT_L] = low
        chip.registers[reg.STATUS1] = chip.registers[reg.STATUS1] & ~reg.CRC_OK | (0 if crc else reg.CRC_OK)

    def sent(self, now: int) -> None:
        """The last bit of a frame is out."""
        chip = self.chip
        if chip.registers[reg.T_MODE] & reg.TIMER_AUTO:
            chip.timer_start(now)
        if self.current == reg.MF_AUTHENT:
            return
        chip.registers[reg.COM_IRQ] |= reg.TX_IRQ
        if self.current == reg.TRANSMIT:
            self._end_command()
            chip.modem.state = modem_states.WAIT_FOR_DATA
        if chip.registers[reg.COMMAND] & reg.RCV_OFF:
            chip.modem.reset()

    def received(self, now: int) -> None:
        """The last bit of an answer is in."""
        chip = self.chip
        exchange = chip.modem.exchange
        if exchange is None or exchange.reply is None:
            return
        if self.authentication is not None:
            if self.authentication.answered(exchange.reply, exchange.collision_bit is not None, now):
                self.authentication = None
                chip.modem.reset()
                self._end_command()
            return
        if not self.listening or not chip.modem.finish_reception():
            return
        chip.modem.reset()
        if len(chip.fifo) or not chip.registers[reg.RX_MODE] & reg.RX_NO_ERROR:
            chip.registers[reg.COM_IRQ] |= reg.RX_IRQ
        if self.current == reg.RECEIVE and not chip.registers[reg.RX_MODE] & reg.RX_MULTIPLE:
            self._end_command()
