"""The timer unit counts real microseconds of the clock."""

from __future__ import annotations

from emulator.mfrc522 import registers as reg
from tests.host.emulator.rf.bench import Bench

TICK_US = 25  # prescaler 0xA9: 339 periods of 13.56 MHz


def start(bench: Bench, reload: int, mode: int = 0x00) -> None:
    bench.write(reg.T_MODE, mode)
    bench.write(reg.T_PRESCALER, 0xA9)
    bench.write(reg.T_RELOAD_H, reload >> 8)
    bench.write(reg.T_RELOAD_L, reload & 0xFF)
    bench.write(reg.COM_IRQ, 0x7F)
    bench.write(reg.CONTROL, reg.TIMER_START_NOW)


def pending(bench: Bench) -> bool:
    return bool(bench.chip.transfer(bytes([0x80 | reg.COM_IRQ << 1, 0]))[1] & reg.TIMER_IRQ)


def test_it_expires_after_reload_plus_one_ticks(bench: Bench) -> None:
    start(bench, 999)
    bench.clock.advance(1_000 * TICK_US - 1)
    assert not pending(bench)
    assert bench.chip.transfer(bytes([0x80 | reg.STATUS1 << 1, 0]))[1] & reg.TIMER_RUNNING
    bench.clock.advance(1)
    assert pending(bench)
    assert not bench.read(reg.STATUS1) & reg.TIMER_RUNNING


def test_the_even_prescaler_is_a_little_slower(bench: Bench) -> None:
    bench.write(reg.DEMOD, 0x4D | reg.PRESCALER_EVEN)
    start(bench, 999)
    bench.clock.advance(1_000 * TICK_US + 50)
    assert not pending(bench)
    bench.clock.advance(30)
    assert pending(bench)


def test_the_counter_counts_down(bench: Bench) -> None:
    start(bench, 999)
    bench.clock.advance(250 * TICK_US)
    counter = bench.chip.transfer(bytes([0x80 | reg.T_COUNTER_H << 1, 0x80 | reg.T_COUNTER_L << 1, 0]))
    assert counter[1] << 8 | counter[2] == 749


def test_stop(bench: Bench) -> None:
    start(bench, 10)
    bench.write(reg.CONTROL, reg.TIMER_STOP_NOW)
    bench.clock.advance(1_000_000)
    assert not pending(bench)


def test_auto_restart(bench: Bench) -> None:
    start(bench, 9, mode=reg.TIMER_AUTO_RESTART)
    for _ in range(3):
        bench.clock.advance(10 * TICK_US)
        assert pending(bench)
        bench.write(reg.COM_IRQ, reg.TIMER_IRQ)


def test_tauto_starts_with_the_end_of_a_transmission(bench: Bench) -> None:
    bench.field_on(timeout_units=40)
    before = bench.clock.now_us
    assert bench.request() == b""
    assert bench.read(reg.COM_IRQ) & (reg.TX_IRQ | reg.TIMER_IRQ | reg.RX_IRQ) == reg.TX_IRQ | reg.TIMER_IRQ
    assert 1_000 < bench.clock.now_us - before < 2_500


def test_next_event_is_the_deadline(bench: Bench) -> None:
    assert bench.chip.next_event_us() is None
    start(bench, 999)
    assert bench.chip.next_event_us() == bench.clock.now_us + 1_000 * TICK_US


def test_the_fastest_timer_does_not_count_an_idle_hour_tick_by_tick(bench: Bench) -> None:
    bench.write(reg.T_MODE, reg.TIMER_AUTO_RESTART)
    bench.write(reg.CONTROL, reg.TIMER_START_NOW)
    bench.clock.advance(3_600_000_000)
    assert pending(bench)
    due = bench.chip.next_event_us()
    assert due is not None
    assert due > bench.clock.now_us
