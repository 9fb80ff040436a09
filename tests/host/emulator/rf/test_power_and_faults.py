"""Reset, power-down, and the ways in which a reader dies."""

from __future__ import annotations

import pytest

from emulator.cards.classic import ClassicCard
from emulator.mfrc522 import registers as reg
from emulator.mfrc522.chip import HARD_WAKE_US
from tests.host.emulator.rf.bench import Bench

UID = bytes.fromhex("2a698d43")


def test_soft_reset(bench: Bench) -> None:
    bench.field_on()
    bench.write(reg.COMMAND, reg.SOFT_RESET)
    assert bench.chip.transfer(bytes([0x80 | reg.COMMAND << 1, 0]))[1] & reg.POWER_DOWN
    bench.clock.advance(100)
    assert bench.read(reg.COMMAND) == 0x20
    assert bench.read(reg.TX_CONTROL) == 0x80
    assert not bench.field.on


def test_hard_reset_is_deaf_until_the_oscillator_runs(bench: Bench) -> None:
    bench.write(reg.MODE, 0x3D)
    bench.chip.reset_pin(False)
    assert bench.read(reg.VERSION) == 0x00
    bench.chip.reset_pin(True)
    bench.write(reg.T_MODE, 0x80)
    assert bench.read(reg.VERSION) == 0x00
    bench.clock.advance(HARD_WAKE_US)
    assert bench.read(reg.VERSION) == 0x92
    assert bench.read(reg.MODE) == 0x3F
    assert bench.read(reg.T_MODE) == 0x00, "the write came too early"


def test_power_cycle(bench: Bench) -> None:
    bench.field_on()
    bench.chip.power(False)
    assert bench.read(reg.VERSION) == 0x00
    assert not bench.field.on
    bench.chip.power(True)
    bench.clock.advance(HARD_WAKE_US)
    assert bench.read(reg.TX_CONTROL) == 0x80


def test_soft_power_down_takes_the_field_and_keeps_the_registers(bench: Bench) -> None:
    card = ClassicCard(UID)
    bench.field.enter(card)
    bench.field_on()
    bench.select()
    bench.write(reg.COMMAND, reg.POWER_DOWN)
    assert not bench.field.on
    assert bench.read(reg.COMMAND) & reg.POWER_DOWN
    bench.write(reg.COMMAND, reg.IDLE)
    assert bench.read(reg.COMMAND) & reg.POWER_DOWN, "still waking"
    bench.clock.advance(100)
    assert not bench.read(reg.COMMAND) & reg.POWER_DOWN
    assert bench.read(reg.TX_CONTROL) == 0x83
    bench.clock.advance(2_000)
    assert bench.request() == b"\x04\x00", "the card lost its selection"


def test_supply_dip_is_silent(bench: Bench) -> None:
    bench.field.enter(ClassicCard(UID))
    bench.field_on()
    assert bench.request()
    bench.chip.supply_dip()
    assert bench.read(reg.VERSION) == 0x92
    assert bench.read(reg.TX_CONTROL) == 0x80
    assert bench.read(reg.T_MODE) == 0x00
    assert not bench.field.on


@pytest.mark.parametrize("reads", [0x00, 0xFF])
def test_a_dead_chip_comes_back_with_the_reset_pin(bench: Bench, reads: int) -> None:
    bench.field_on()
    bench.chip.die(reads)
    assert bench.read(reg.VERSION) == reads
    bench.write(reg.COMMAND, reg.SOFT_RESET)
    assert bench.read(reg.COMMAND) == reads
    assert not bench.field.on
    bench.chip.reset_pin(False)
    bench.chip.reset_pin(True)
    bench.clock.advance(HARD_WAKE_US)
    assert bench.read(reg.VERSION) == 0x92


def test_a_dead_chip_comes_back_with_the_supply(bench: Bench) -> None:
    bench.chip.die()
    bench.chip.power(False)
    bench.chip.power(True)
    bench.clock.advance(HARD_WAKE_US)
    assert bench.read(reg.VERSION) == 0x92


def test_stuck_bits(bench: Bench) -> None:
    bench.chip.faults.stick(reg.MODE, high=0x40, low=0x01)
    bench.write(reg.MODE, 0x3D)
    assert bench.read(reg.MODE) == 0x7C
    assert bench.read(reg.VERSION) == 0x92
    bench.chip.faults.clear()
    assert bench.read(reg.MODE) == 0x3D


def test_a_broken_bus_stays_broken_unless_it_may_heal(bench: Bench) -> None:
    bench.chip.faults.bus_reads = 0xFF
    bench.chip.reset_pin(False)
    bench.chip.reset_pin(True)
    bench.clock.advance(HARD_WAKE_US)
    assert bench.read(reg.VERSION) == 0xFF
    bench.chip.faults.heal_on_reset = True
    bench.chip.power(False)
    bench.chip.power(True)
    bench.clock.advance(HARD_WAKE_US)
    assert bench.read(reg.VERSION) == 0x92


def test_overheating_switches_the_antenna_off(bench: Bench) -> None:
    bench.field_on()
    bench.chip.overheat()
    assert bench.read(reg.ERROR) & reg.TEMPERATURE_ERROR
    bench.write(reg.TX_CONTROL, 0x83)
    assert not bench.field.on
    bench.write(reg.STATUS2, 0x80)
    assert bench.read(reg.ERROR) & reg.TEMPERATURE_ERROR, "still hot"
    bench.chip.overheat(False)
    bench.write(reg.STATUS2, 0x80)
    bench.write(reg.TX_CONTROL, 0x83)
    assert not bench.read(reg.ERROR) & reg.TEMPERATURE_ERROR
    assert bench.field.on
