"""What the modem will do later, unless it loses its power before."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.world import World


def ignore(*_: object) -> None:
    """What is called where nobody listens."""


class Timers:
    def __init__(self, world: "World") -> None:
        self._world = world
        self._generation = 0

    def after_ms(self, ms: int, action: Callable[[], None]) -> None:
        self.after_us(ms * 1000, action)

    def after_us(self, us: int, action: Callable[[], None]) -> None:
        generation = self._generation

        def run() -> None:
            if generation == self._generation:
                action()

        self._world.schedule(self._world.now_us + us, run)

    def cancel(self) -> None:
        """All of them."""
        self._generation += 1
