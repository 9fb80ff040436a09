"""The phone network as a whole, and who can be reached in it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator.phone.cells import Cells
from emulator.phone.gprs import Gprs
from emulator.phone.smsc import Smsc
from emulator.phone.terminal import Terminal

if TYPE_CHECKING:
    from emulator.world import World


class PhoneNetwork:
    """One per world."""

    def __init__(self, world: "World") -> None:
        self.cells = Cells(world)
        self.smsc = Smsc(world, self.subscriber)
        self.gprs = Gprs(world)
        self.on_close: list[Callable[[], None]] = []  # links to programs outside
        self._registered: dict[str, Terminal] = {}

    def subscriber(self, number: str) -> Terminal | None:
        """The phone with that number, if it is registered now."""
        return self._registered.get(number)

    def register(self, phone: Terminal) -> None:
        self._registered[phone.number] = phone
        self.smsc.reachable(phone.number)

    def leave(self, phone: Terminal) -> None:
        """Switched off, out of coverage: messages for it wait."""
        if self._registered.get(phone.number) is phone:
            del self._registered[phone.number]
        self.gprs.forget(phone)

    def close(self) -> None:
        self.gprs.close()
        for close in self.on_close:
            close()
