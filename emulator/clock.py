"""What time it is in the world: counted in tests, running in the demo."""

import time


class Clock:
    """Virtual time: it moves when somebody moves it."""

    def __init__(self) -> None:
        self._now_us = 0

    @property
    def now_us(self) -> int:
        return self._now_us

    def advance(self, us: int) -> None:
        self._now_us += us

    def move_to(self, time_us: int) -> None:
        """Never backwards: two boards may ask for the same moment in either order."""
        self._now_us = max(self._now_us, time_us)


class RealClock(Clock):
    """Real time since the world began."""

    def __init__(self) -> None:
        super().__init__()
        self._start_ns = time.monotonic_ns()

    @property
    def now_us(self) -> int:
        return (time.monotonic_ns() - self._start_ns) // 1000

    def advance(self, us: int) -> None:
        """Real time passes by itself; what a chip would take, the host has spent already."""

    def move_to(self, time_us: int) -> None:
        """The same."""
