"""What time it is, and how sure the machine is of it.

The board has no battery: after power-up the time is unknown, or a hint (not before the latest trusted time in the
journal). The back office's acknowledgement makes it trusted until the power goes.
"""

import time

from protocol.journal import CLOCK_HINT, CLOCK_NONE, CLOCK_TRUSTED

STEP_S = 30  # a correction smaller than this is not worth a journal entry
QUALITY_NAMES = ("none", "hint", "trusted")


class Clock:
    """Unix seconds from a base and the running ticks. `tick` must be called more often than the ticks wrap (days)."""

    def __init__(self) -> None:
        self._ticks_ms = time.ticks_ms()
        self.uptime_ms = 0
        self._base_s = 0
        self._base_uptime_ms = 0
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
        return self.now() or None

    def hint(self, not_before_s: int) -> None:
        """It is at least this late: something trusted said so before the power went."""
        if self.quality == CLOCK_NONE and not_before_s:
            self._set(not_before_s, CLOCK_HINT)

    def trust(self, now_s: int) -> int | None:
        """The back office says what time it is. Gives the time shown before when that is worth a journal entry."""
        before, quality = self.stamp()
        self._set(now_s, CLOCK_TRUSTED)
        if quality == CLOCK_TRUSTED and abs(now_s - before) < STEP_S:
            return None
        return before

    def quality_name(self) -> str:
        """For the host link."""
        return QUALITY_NAMES[self.quality]

    def _set(self, now_s: int, quality: int) -> None:
        self.tick()
        self._base_s, self._base_uptime_ms, self.quality = now_s, self.uptime_ms, quality
