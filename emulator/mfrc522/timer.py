"""The timer unit (data sheet 8.5, 9.3.3.10): counts down from the reload value at 13.56 MHz over a prescaler."""

from __future__ import annotations

from emulator.mfrc522 import registers as reg


class Timer:
    """Deadline arithmetic instead of ticks: the chip asks when it is due and tells it when that has come."""

    __slots__ = ("_periods_half", "_reload", "_started_us", "deadline_us")

    def __init__(self) -> None:
        self.deadline_us: int | None = None
        self._reload = 0
        self._periods_half = 1
        self._started_us = 0

    @property
    def running(self) -> bool:
        return self.deadline_us is not None

    def start(self, registers: bytearray, time_us: int) -> None:
        """Load the reload value and count down from it; both are taken as they are now."""
        prescaler = (registers[reg.T_MODE] & 0x0F) << 8 | registers[reg.T_PRESCALER]
        even = 2 if registers[reg.DEMOD] & reg.PRESCALER_EVEN else 1
        self._periods_half = 2 * prescaler + even
        self._reload = registers[reg.T_RELOAD_H] << 8 | registers[reg.T_RELOAD_L]
        self._started_us = time_us
        self.deadline_us = time_us + max(1, self._duration_us(self._reload + 1))

    def stop(self) -> None:
        self.deadline_us = None

    def expire(self, registers: bytearray, now_us: int) -> None:
        """The deadline has come: stop, or count down again (as often as fits until now)."""
        if not registers[reg.T_MODE] & reg.TIMER_AUTO_RESTART or self.deadline_us is None:
            self.deadline_us = None
            return
        self.start(registers, self.deadline_us)
        period_us = self.deadline_us - self._started_us
        skipped_us = max(0, now_us - self._started_us) // period_us * period_us
        self._started_us += skipped_us
        self.deadline_us += skipped_us

    def counter(self, time_us: int) -> int:
        if self.deadline_us is None:
            return 0
        ticks = (time_us - self._started_us) * 1_356 // (100 * self._periods_half)
        return max(0, self._reload - ticks)

    def _duration_us(self, ticks: int) -> int:
        return ticks * self._periods_half * 100 // 1_356
