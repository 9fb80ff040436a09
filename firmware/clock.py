"""What time it is, and how sure the machine is of it.

The board has no battery: after power-up the time is unknown, or a hint (not before the latest trusted time in the
journal, or what the phone network says). Only an answer of the back office that came soon after its question makes it
trusted, until the power goes. Expiry dates are held against `earliest()`, which no network moves.
"""

import time

from micropython import const
from protocol.journal import CLOCK_HINT, CLOCK_NONE, CLOCK_TRUSTED

STEP_S = 30  # a correction smaller than this is not worth a journal entry
ROUND_TRIP_MAX_MS = const(120000)  # an answer that took longer says how late it is at least, no more
QUALITY_NAMES = ("none", "hint", "trusted")
# What a network says outside of these is no time: SIM800 modules that were told none show 2004-01-01 or 1980-01-06.
_NETWORK_MIN_S = const(1767225600)  # 2026-01-01
_NETWORK_MAX_S = const(4102444800)  # 2100-01-01
_NETWORK_AHEAD_MAX_S = const(315360000)  # ten years after the latest time that was ever sure


class Clock:
    """Unix seconds from a base and the running ticks. `tick` must be called more often than the ticks wrap (days)."""

    def __init__(self) -> None:
        self._ticks_ms = time.ticks_ms()
        self.uptime_ms = 0
        self._base_s = 0
        self._base_uptime_ms = 0
        self._sure_s = 0  # it is not before this, 0 = nothing is known
        self._sure_uptime_ms = 0
        self.quality = CLOCK_NONE

    def tick(self) -> None:
        """Take the ticks since the last call into the uptime."""
        now_ms = time.ticks_ms()
        self.uptime_ms += time.ticks_diff(now_ms, self._ticks_ms)
        self._ticks_ms = now_ms

    def now(self) -> int:
        """Unix seconds, 0 when unknown."""
        self.tick()
        if self.quality == CLOCK_NONE:
            return 0
        return self._base_s + (self.uptime_ms - self._base_uptime_ms) // 1000

    def stamp(self) -> tuple[int, int]:
        """Time and quality, as a journal entry wants them."""
        return self.now(), self.quality

    def earliest(self) -> int | None:
        """A time that is certainly not in the future, to hold an expiry date against; None when nothing is known."""
        if not self._sure_s:
            return None
        self.tick()
        return self._sure_s + (self.uptime_ms - self._sure_uptime_ms) // 1000

    def not_before(self, time_s: int) -> None:
        """It is at least this late: something trusted said so, before the power went or a while ago."""
        if time_s > (self.earliest() or 0):
            self._sure_s, self._sure_uptime_ms = time_s, self.uptime_ms
        if time_s > self.now():
            self._set(time_s, max(self.quality, CLOCK_HINT))

    def network(self, time_s: int) -> bool:
        """What the phone network claims: shown and journalled as a hint until something better comes. False: no time
        at all."""
        sure_s = self.earliest() or 0
        if not max(_NETWORK_MIN_S, sure_s) <= time_s <= _NETWORK_MAX_S:
            return False
        if sure_s and time_s > sure_s + _NETWORK_AHEAD_MAX_S:
            return False
        if self.quality != CLOCK_TRUSTED:
            self._set(time_s, CLOCK_HINT)
        return True

    def trust(self, now_s: int, round_trip_ms: int = 0) -> int | None:
        """The back office says what time it is. Gives the time shown before when that is worth a journal entry."""
        if round_trip_ms > ROUND_TRIP_MAX_MS:
            self.not_before(now_s)
            return None
        before, quality = self.stamp()
        self._set(now_s, CLOCK_TRUSTED)
        self._sure_s, self._sure_uptime_ms = now_s, self.uptime_ms
        if quality == CLOCK_TRUSTED and abs(now_s - before) < STEP_S:
            return None
        return before

    def quality_name(self) -> str:
        """For the host link."""
        return QUALITY_NAMES[self.quality]

    def _set(self, now_s: int, quality: int) -> None:
        self.tick()
        self._base_s, self._base_uptime_ms, self.quality = now_s, self.uptime_ms, quality
