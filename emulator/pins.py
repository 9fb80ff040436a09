"""The pins of a board: what the firmware drives, what the world drives, and the edges that interrupt."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

MODE_IN: Final = 1
PULL_UP: Final = 2
RISING: Final = 1
FALLING: Final = 2


@dataclass
class Pins:
    """Levels by pin number. An input without a source reads as its pull resistor."""

    raise_interrupt: Callable[[int], None]
    pulled_up: frozenset[int] = frozenset()  # by resistors on the board: their rest is high
    driven: dict[int, bool] = field(default_factory=dict)
    outputs: set[int] = field(default_factory=set)
    sources: dict[int, Callable[[], bool]] = field(default_factory=dict)
    listeners: dict[int, Callable[[bool], None]] = field(default_factory=dict)
    _pulls: dict[int, int] = field(default_factory=dict)
    _interrupts: dict[int, tuple[int, int]] = field(default_factory=dict)

    def write(self, pin: int, level: bool) -> None:
        changed = self.output(pin) != level
        self.driven[pin] = level
        self.outputs.add(pin)
        if changed and pin in self.listeners:
            self.listeners[pin](level)

    def set_mode(self, pin: int, mode: int, pull: int) -> None:
        self._pulls[pin] = pull
        if mode != MODE_IN:
            self.write(pin, self.driven.get(pin, False))
        elif pin in self.outputs:
            self._release(pin)

    def output(self, pin: int) -> bool:
        """What the chip behind the pin sees; an input drives nothing and leaves it to its resistor."""
        return self.driven[pin] if pin in self.outputs else pin in self.pulled_up

    def read(self, pin: int) -> bool:
        if pin in self.sources:
            return self.sources[pin]()
        return self._pulls.get(pin) == PULL_UP

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
            self._release(pin)
        self.driven.clear()

    def _release(self, pin: int) -> None:
        before = self.output(pin)
        self.outputs.discard(pin)
        if before != self.output(pin) and pin in self.listeners:
            self.listeners[pin](not before)
