"""Supply, PWRKEY and STATUS (Hardware Design 4.2): when the modem lives and when it does not."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from emulator.sim800.timers import Timers, ignore
from emulator.sim800.timings import Timings

if TYPE_CHECKING:
    from emulator.world import World

LONG_AGO_US: Final = -(1 << 62)


class Power:
    """`on_boot` when the processor starts, `on_off` when it stops for whatever reason."""

    def __init__(self, world: "World", timers: Timers, timings: Timings) -> None:
        self.on_boot: Callable[[], None] = ignore
        self.on_off: Callable[[], None] = ignore
        self.on_status: Callable[[bool], None] = ignore
        self.say_goodbye: Callable[[], None] = ignore
        self.starts = 0
        self.supply = False
        self.status = False
        self._world = world
        self._timers = timers  # of the running modem: they end with it
        self._outside = Timers(world)  # of the key, which works while the modem is off
        self._timings = timings
        self._running = False
        self._pressed = False
        self._going_down = False
        self._status_low_us = LONG_AGO_US

    @property
    def running(self) -> bool:
        """From the key's second on, long before it answers."""
        return self._running

    def switch(self, on: bool) -> None:
        """The supply's switch. Off is off at once."""
        if on == self.supply:
            return
        self.supply = on
        if not on:
            self._outside.cancel()
            self.die()
        elif self._pressed:
            self._press()

    def key(self, pressed: bool) -> None:
        """PWRKEY; pressed means it is pulled to ground."""
        self._pressed = pressed
        self._outside.cancel()
        if pressed and self.supply:
            self._press()

    def shut_down(self) -> None:
        """By command or key: detaches, says goodbye, and STATUS falls."""
        if self._running and not self._going_down:
            self._going_down = True
            self.say_goodbye()
            self._timers.after_ms(self._timings.power_down, self.die)

    def restart(self) -> None:
        """AT+CFUN=1,1: the processor starts anew, the supply stays."""
        if self._running:
            self.die()
            self._start()

    def die(self) -> None:
        """At once, without a word."""
        if not self._running:
            return
        self._running = False
        self._going_down = False
        self._timers.cancel()
        self.on_off()
        self._set_status(False)

    def _press(self) -> None:
        if self._running:
            self._outside.after_ms(self._timings.key_off, self.shut_down)
            self._outside.after_ms(self._timings.key_reset, self.restart)
        elif self._world.now_us - self._status_low_us >= self._timings.status_low * 1000:
            self._outside.after_ms(self._timings.key_on, self._start)

    def _start(self) -> None:
        self._running = True
        self.starts += 1
        self._timers.after_ms(self._timings.status, lambda: self._set_status(True))
        self._timers.after_ms(self._timings.uart, self.on_boot)

    def _set_status(self, level: bool) -> None:
        if level != self.status:
            self.status = level
            if not level:
                self._status_low_us = self._world.now_us
            self.on_status(level)
