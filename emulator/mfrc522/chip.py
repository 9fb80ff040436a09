"""The chip seen from its pins: SPI frames in and out, reset, supply, IRQ; and what each register does.

Lazy in time: nothing happens between two accesses, but every access first catches up with the clock, event by event in
the order of their times (end of transmission, first bits of the answer, its end, timer). No thread, no callback from
the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from emulator.cards.crypto1 import Crypto1
from emulator.faults import ReaderFaults
from emulator.mfrc522 import modem as modem_states
from emulator.mfrc522 import registers as reg
from emulator.mfrc522.commands import CommandUnit
from emulator.mfrc522.fifo import CAPACITY_BYTES, Fifo
from emulator.mfrc522.modem import Modem
from emulator.mfrc522.self_test import SelfTest
from emulator.mfrc522.timer import Timer
from emulator.rf import Field, Timekeeper

HARD_WAKE_US: Final = 1_038  # oscillator start-up after reset or power: a quartz's 1 ms and 37.74 us (8.8.2)
SOFT_RESET_US: Final = 38
SOFT_WAKE_US: Final = 76  # 1024 clocks after PowerDown (8.6.2)
UNDRIVEN: Final = 0x00  # what MISO shows while the chip sleeps or is off

Reader = Callable[[], int]
Writer = Callable[[int], None]


class Mfrc522:
    """An MFRC522 (or a look-alike with another version byte) in front of a field."""

    __slots__ = (
        "_catching_up",
        "_crypto",
        "_deaf_until_us",
        "_plain_masks",
        "_powered",
        "_readers",
        "_reset_high",
        "_running",
        "_waking_until_us",
        "_writers",
        "authentication_flags",
        "clock",
        "commands",
        "faults",
        "field",
        "fifo",
        "hard_wake_us",
        "modem",
        "random",
        "registers",
        "self_test",
        "stores_short_answers",
        "timer",
        "transfers",
        "version",
    )

    def __init__(self, clock: Timekeeper, field: Field, version: int = 0x92, seed: int = 0) -> None:
        if version not in reg.VERSIONS:
            raise ValueError(f"no known chip reports version 0x{version:02x}")
        self.clock = clock
        self.field = field
        self.version = version
        self.random = Random(seed)  # noqa: S311 - a deterministic world
        self.faults = ReaderFaults()
        # What the data sheet leaves open, and silicon may do either way:
        self.stores_short_answers = True  # with RxCRCEn, an answer of fewer than eight bits reaches the FIFO
        self.hard_wake_us = HARD_WAKE_US  # a lazier quartz takes longer
        self.authentication_flags = 0  # bits of ErrorReg that a successful MFAuthent leaves behind
        self.registers = bytearray(reg.REGISTERS)
        self.fifo = Fifo()
        self.timer = Timer()
        self.modem = Modem(self)
        self.commands = CommandUnit(self)
        self.self_test = SelfTest(self)
        self.transfers = 0
        self._crypto: Crypto1 | None = None
        self._powered = True
        self._reset_high = True
        self._deaf_until_us = 0  # the oscillator starts after a hard reset: no bus yet
        self._waking_until_us = 0  # after a soft reset or power-down: PowerDown still reads 1
        self._running = False  # something is on its way: catching up is worth the effort
        self._catching_up = False
        self._plain_masks = [reg.writable_bits(address, version) for address in range(reg.REGISTERS)]
        self._readers = self._read_table()
        self._writers = self._write_table()
        self._reset_registers()
        field.reader_catch_up = self.catch_up

    # --- pins ------------------------------------------------------------------------------------------------

    def transfer(self, tx: bytes) -> bytes:
        """One chip-select frame (data sheet 8.1.2): the first byte is the address byte."""
        self.transfers += 1
        if self._running:
            self.catch_up()
        if not tx:
            return b""
        if self.faults.bus_reads is not None:
            return bytes([self.faults.bus_reads]) * len(tx)
        if not self._on_the_bus():
            return bytes([UNDRIVEN]) * len(tx)
        if tx[0] & 0x80:
            return self._read_burst(tx)
        self._write_burst(tx)
        return bytes(len(tx))

    def reset_pin(self, level: bool) -> None:
        """NRSTPD: low is hard power-down, its rising edge a reset (data sheet 8.6.1, 8.7)."""
        self.catch_up()
        if level == self._reset_high:
            return
        self._reset_high = level
        self.faults.hard_reset()
        self._reset_registers()
        self._deaf_until_us = self.clock.now_us + self.hard_wake_us

    def power(self, on: bool) -> None:
        """The supply. Coming up is a reset too."""
        self.catch_up()
        if on == self._powered:
            return
        self._powered = on
        self.faults.hard_reset()
        self.commands = CommandUnit(self)
        self._reset_registers()
        self._deaf_until_us = self.clock.now_us + self.hard_wake_us

    def supply_dip(self) -> None:
        """Too short for anyone to notice: the chip answers as before, but every register is at its reset value."""
        self.catch_up()
        self._reset_registers()

    def die(self, reads: int = UNDRIVEN) -> None:
        """The chip hangs until its reset pin or its supply is cycled; it no longer drives the field."""
        self.catch_up()
        self._reset_registers()
        self.faults.bus_reads = reads
        self.faults.heal_on_reset = True

    @property
    def irq(self) -> bool:
        """Whether an enabled interrupt request is pending (Status1.IRq)."""
        self.catch_up()
        com = self.registers[reg.COM_IRQ] & self.registers[reg.COM_I_EN] & 0x7F
        return bool(com or self.registers[reg.DIV_IRQ] & self.registers[reg.DIV_I_EN] & 0x14)

    @property
    def irq_pin(self) -> bool:
        """The level of the IRQ pin, pulled up where the chip leaves it open (IRqInv is set after reset)."""
        return self.irq != bool(self.registers[reg.COM_I_EN] & reg.IRQ_INVERTED)

    @property
    def field_on(self) -> bool:
        return bool(self.registers[reg.TX_CONTROL] & reg.ANTENNA_MASK)

    @property
    def cipher(self) -> Crypto1 | None:
        """The cipher that covers frames at the moment."""
        return self._crypto if self.registers[reg.STATUS2] & reg.CRYPTO1_ON else None

    # --- SPI -------------------------------------------------------------------------------------------------

    def _on_the_bus(self) -> bool:
        return self._powered and self._reset_high and self.clock.now_us >= self._deaf_until_us

    def _read_burst(self, tx: bytes) -> bytes:
        """Each byte sent names the register whose value the next byte returns."""
        readers, registers, faults = self._readers, self.registers, self.faults
        rx = bytearray(len(tx))
        for i in range(1, len(tx)):
            address = tx[i - 1] >> 1 & 0x3F
            reader = readers[address]
            rx[i] = faults.read(address, registers[address] if reader is None else reader())
        return bytes(rx)

    def _write_burst(self, tx: bytes) -> None:
        """All bytes go to one register."""
        address = tx[0] >> 1 & 0x3F
        writer = self._writers[address]
        if writer is None:
            mask = self._plain_masks[address]
            for value in tx[1:]:
                self.registers[address] = self.registers[address] & ~mask | value & mask
        else:
            for value in tx[1:]:
                writer(value)

    def _read_table(self) -> list[Reader | None]:
        table: list[Reader | None] = [None] * reg.REGISTERS
        table[reg.COMMAND] = self._read_command
        table[reg.ERROR] = self._read_error
        table[reg.STATUS1] = self._read_status1
        table[reg.STATUS2] = lambda: self.registers[reg.STATUS2] | self.modem.shown_state(self.clock.now_us)
        table[reg.FIFO_DATA] = self._read_fifo
        table[reg.FIFO_LEVEL] = lambda: len(self.fifo.data)
        table[reg.T_COUNTER_H] = lambda: self.timer.counter(self.clock.now_us) >> 8
        table[reg.T_COUNTER_L] = lambda: self.timer.counter(self.clock.now_us) & 0xFF
        table[reg.VERSION] = lambda: self.version
        return table

    def _write_table(self) -> list[Writer | None]:
        table: list[Writer | None] = [None] * reg.REGISTERS
        table[reg.COMMAND] = self._write_command
        table[reg.COM_IRQ] = lambda value: self._write_irq(reg.COM_IRQ, value)
        table[reg.DIV_IRQ] = lambda value: self._write_irq(reg.DIV_IRQ, value & 0x94)
        table[reg.STATUS2] = self._write_status2
        table[reg.FIFO_DATA] = self._write_fifo
        table[reg.FIFO_LEVEL] = self._write_fifo_level
        table[reg.WATER_LEVEL] = self._write_water_level
        table[reg.CONTROL] = self._write_control
        table[reg.BIT_FRAMING] = self._write_bit_framing
        table[reg.TX_CONTROL] = self._write_tx_control
        return table

    # --- registers that do something -------------------------------------------------------------------------

    def _read_command(self) -> int:
        value = self.registers[reg.COMMAND] & reg.RCV_OFF | self.commands.current
        if self.registers[reg.COMMAND] & reg.POWER_DOWN or self.clock.now_us < self._waking_until_us:
            value |= reg.POWER_DOWN
        return value

    def _read_error(self) -> int:
        value = self.registers[reg.ERROR]
        return value | reg.BUFFER_OVERFLOW if self.fifo.overflowed else value

    def _read_status1(self) -> int:
        value = self.registers[reg.STATUS1] & (reg.CRC_OK | reg.CRC_READY)
        value |= self._alerts()
        if self.timer.running:
            value |= reg.TIMER_RUNNING
        return value | reg.IRQ_PENDING if self.irq else value

    def _write_irq(self, register: int, value: int) -> None:
        """Set1 and Set2 say whether the marked bits are to be set or cleared."""
        if value & reg.SET:
            self.registers[register] |= value & ~reg.SET
        else:
            self.registers[register] &= ~value

    def _write_status2(self, value: int) -> None:
        """Software can only clear MFCrypto1On; TempSensClear takes the temperature error away once it is cool."""
        if not value & reg.CRYPTO1_ON:
            self.switch_crypto_off()
        if value & 0x80 and not self.faults.overheated:
            self.registers[reg.ERROR] &= ~reg.TEMPERATURE_ERROR

    def _write_control(self, value: int) -> None:
        if value & reg.TIMER_STOP_NOW:
            self.timer_stop()
        if value & reg.TIMER_START_NOW:
            self.timer_start(self.clock.now_us)

    def _write_bit_framing(self, value: int) -> None:
        self.registers[reg.BIT_FRAMING] = value & 0xF7
        if value & reg.START_SEND:
            self.commands.start_send(self.clock.now_us)

    def _write_tx_control(self, value: int) -> None:
        if self.faults.overheated:
            value &= ~reg.ANTENNA_MASK
            self.raise_error(reg.TEMPERATURE_ERROR)
        self.registers[reg.TX_CONTROL] = value & 0xFB
        self.field.switch(self.field_on, self.clock.now_us)
        if self.field_on and self.modem.state == modem_states.TX_WAIT_RF:
            self.modem.start_send(self.clock.now_us)

    # --- FIFO ------------------------------------------------------------------------------------------------

    def _read_fifo(self) -> int:
        value = self.fifo.pop()
        self.fifo_changed()
        return value

    def _write_fifo(self, value: int) -> None:
        if self.commands.current == reg.MF_AUTHENT or self.modem.state >= modem_states.RX_WAIT:
            self.raise_error(reg.WRITE_ERROR)
            return
        self.fifo.push(value)
        if self.fifo.overflowed:
            self.raise_error(reg.BUFFER_OVERFLOW)
        self.fifo_changed()
        if self.commands.current == reg.CALC_CRC and not self.self_test.enabled:
            self.commands.calculate_crc()

    def _write_fifo_level(self, value: int) -> None:
        if value & reg.FLUSH_BUFFER:
            self.fifo.flush()
            self.registers[reg.ERROR] &= ~reg.BUFFER_OVERFLOW
            self.fifo_changed()

    def _write_water_level(self, value: int) -> None:
        self.registers[reg.WATER_LEVEL] = value & 0x3F
        self.fifo_changed()

    def _alerts(self) -> int:
        level, water = len(self.fifo.data), self.registers[reg.WATER_LEVEL]
        high = reg.HI_ALERT if CAPACITY_BYTES - level <= water else 0
        return high | (reg.LO_ALERT if level <= water else 0)

    def fifo_changed(self) -> None:
        alerts = self._alerts()
        if alerts & reg.HI_ALERT:
            self.registers[reg.COM_IRQ] |= reg.HI_ALERT_IRQ
        if alerts & reg.LO_ALERT:
            self.registers[reg.COM_IRQ] |= reg.LO_ALERT_IRQ

    # --- commands --------------------------------------------------------------------------------------------

    def _write_command(self, value: int) -> None:
        now = self.clock.now_us
        command = value & 0x0F
        if command == reg.SOFT_RESET:
            self._reset_registers()
            self._waking_until_us = now + SOFT_RESET_US
            return
        self._set_power_down(bool(value & reg.POWER_DOWN), now)
        self.registers[reg.COMMAND] = value & (reg.RCV_OFF | reg.POWER_DOWN)
        if command == reg.NO_CMD_CHANGE or value & reg.POWER_DOWN:
            return
        self.commands.start(command, now)

    # --- time ------------------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Everything that has happened until now, in order."""
        if not self._running or self._catching_up:
            return
        self._catching_up = True
        now = self.clock.now_us
        while (due := self._next_event_us()) is not None and due <= now:
            self._happen(due, now)
        self.modem.fill_fifo(now)
        self.field.advance(now)
        self._running = self.timer.running or self.modem.exchange is not None or self.self_test.deadline_us is not None
        self._catching_up = False

    def next_event_us(self) -> int | None:
        """When a register or the IRQ pin may change by itself next; for worlds that sleep until then."""
        self.catch_up()
        return self._next_event_us() if self._running else None

    def _next_event_us(self) -> int | None:
        air, timer = self.modem.next_event_us(), self.timer.deadline_us
        if self.self_test.deadline_us is not None:  # nothing is on the air then
            air = self.self_test.deadline_us
        if air is None or timer is None:
            return timer if air is None else air
        return min(air, timer)

    def _happen(self, due: int, now: int) -> None:
        if self.timer.deadline_us is not None and self.timer.deadline_us == due:
            self.timer.expire(self.registers, now)
            self.registers[reg.COM_IRQ] |= reg.TIMER_IRQ
            return
        if self.self_test.deadline_us is not None:
            self.self_test.finish()
            return
        was_transmitting = self.modem.state == modem_states.TRANSMITTING
        self.field.advance(due)
        if self.modem.next_event_us() != due:
            return  # the card left at this very moment
        finished = self.modem.happen()
        if was_transmitting:
            self.commands.sent(due)
        elif finished:
            self.commands.received(due)

    def expect_events(self) -> None:
        """Something is on its way from now on."""
        self._running = True

    def timer_start(self, now: int) -> None:
        self.timer.start(self.registers, now)
        self._running = True

    def timer_stop(self) -> None:
        self.timer.stop()

    # --- errors, cipher, power -------------------------------------------------------------------------------

    def raise_error(self, bits: int) -> None:
        if bits:
            self.registers[reg.ERROR] |= bits
            self.registers[reg.COM_IRQ] |= reg.ERR_IRQ

    def overheat(self, hot: bool = True) -> None:
        """Above the limit the antenna drivers switch off by themselves (9.3.1.7)."""
        self.catch_up()
        self.faults.overheated = hot
        if hot:
            self.raise_error(reg.TEMPERATURE_ERROR)
            self.registers[reg.TX_CONTROL] &= ~reg.ANTENNA_MASK
            self.field.switch(False, self.clock.now_us)

    def switch_crypto_on(self, cipher: Crypto1) -> None:
        self._crypto = cipher
        self.registers[reg.STATUS2] |= reg.CRYPTO1_ON

    def switch_crypto_off(self) -> None:
        self._crypto = None
        self.registers[reg.STATUS2] &= ~reg.CRYPTO1_ON

    def _set_power_down(self, down: bool, now: int) -> None:
        """Soft power-down keeps the registers and takes the field away; waking takes 1024 clocks."""
        was_down = bool(self.registers[reg.COMMAND] & reg.POWER_DOWN)
        if down and not was_down:
            self.modem.reset()
            self.timer_stop()
            self.commands.cancel()
            self.field.switch(False, now)
        elif was_down and not down:
            self._waking_until_us = now + SOFT_WAKE_US
            self.field.switch(self.field_on, now)

    def _reset_registers(self) -> None:
        """Reset values everywhere; the internal buffer stays (10.3.1.10)."""
        self.registers[:] = bytes(reg.REGISTERS)
        for address, value in reg.RESET_VALUES.items():
            self.registers[address] = value
        self.commands.cancel()
        self._crypto = None
        self.fifo.flush()
        self.timer_stop()
        self.modem.reset()
        self.field.switch(False, self.clock.now_us)
