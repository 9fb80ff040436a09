"""The pins of a board: what the firmware drives, what the world drives, and the edges that interrupt."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

MODE_IN: Final = 1
KEEP_MODE: Final = 0
KEEP_PULL: Final = 255
PULL_UP: Final = 2
RISING: Final = 1
FALLING: Final = 2


@dataclass
class Pins:
    """Levels by pin number. An input without a source reads as its pull resistor."""

    raise_interrupt: Callable[[int], None]
    pulled_up: frozenset[int] = frozenset()  # by resistors on the board: their rest is high
    latches: dict[int, bool] = field(default_factory=dict)  # what was written last: an output drives it
    outputs: set[int] = field(default_factory=set)
    sources: dict[int, Callable[[], bool]] = field(default_factory=dict)
    listeners: dict[int, Callable[[bool], None]] = field(default_factory=dict)
    _pulls: dict[int, int] = field(default_factory=dict)
    _interrupts: dict[int, tuple[int, int]] = field(default_factory=dict)

    def write(self, pin: int, level: bool) -> None:
        before = self.output(pin)
        self.latches[pin] = level
        self._tell(pin, before)

    def set_mode(self, pin: int, mode: int, pull: int) -> None:
        if pull != KEEP_PULL:
            self._pulls[pin] = pull
        before = self.output(pin)
        if mode == MODE_IN:
            self.outputs.discard(pin)
        elif mode != KEEP_MODE:
            self.outputs.add(pin)
        self._tell(pin, before)

    def output(self, pin: int) -> bool:
        """What the chip behind the pin sees; an input drives nothing and leaves it to its resistor."""
        return self.latches.get(pin, False) if pin in self.outputs else pin in self.pulled_up

    def read(self, pin: int) -> bool:
        if pin in self.sources:
            return self.sources[pin]()
        return self.latches.get(pin, False) if pin in self.outputs else self._pulls.get(pin) == PULL_UP

    def subscribe(self, pin: int, trigger: int, slot: int) -> None:
        if trigger:
            self._interrupts[pin] = (trigger, slot)
        else:
            self._interrupts.pop(pin, None)

    def edge(self, pin: int, level: bool) -> None:
        """The world moved an input."""
        trigger, slot = self._interrupts.get(pin, (0, 0))
        if trigger & (RISING if level else FALLING):
            self.raise_interrupt(slot)

    def float_all(self) -> None:
        """Reset or no power: every pin becomes an input."""
        self._interrupts.clear()
        self._pulls.clear()
        for pin in sorted(self.outputs):
            before = self.output(pin)
            self.outputs.discard(pin)
            self._tell(pin, before)
        self.latches.clear()

    def _tell(self, pin: int, before: bool) -> None:
        if before != self.output(pin) and pin in self.listeners:
            self.listeners[pin](not before)
