"""machine.Timer: an interrupt after a time, once or again and again."""

from collections.abc import Callable
from typing import Protocol


class Scheduler(Protocol):
    @property
    def now_us(self) -> int: ...

    def schedule(self, time_us: int, action: Callable[[], None]) -> None: ...


class Timers:
    def __init__(self, world: Scheduler, raise_interrupt: Callable[[int], None]) -> None:
        self._world = world
        self._raise_interrupt = raise_interrupt
        self._generations: dict[int, int] = {}
        self._generation = 0

    def start(self, slot: int, period_ms: int, periodic: bool) -> None:
        """A period of 0 stops it."""
        self._generation += 1
        self._generations[slot] = self._generation
        if period_ms > 0:
            self._arm(slot, period_ms * 1000, periodic, self._generation)

    def stop_all(self) -> None:
        self._generations.clear()

    def _arm(self, slot: int, period_us: int, periodic: bool, generation: int) -> None:
        def fire() -> None:
            if self._generations.get(slot) == generation:
                self._raise_interrupt(slot)
                if periodic:
                    self._arm(slot, period_us, periodic, generation)

        self._world.schedule(self._world.now_us + period_us, fire)
