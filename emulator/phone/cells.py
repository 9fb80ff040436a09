"""The radio network that a phone finds: coverage, admission, signal, and the time it tells."""

from enum import IntEnum
from typing import TYPE_CHECKING, Final, Literal

from emulator.phone.terminal import Terminal

if TYPE_CHECKING:
    from emulator.world import World

ZONE_QUARTERS: Final = 32  # China: eight hours
SIGNAL_DBM: Final = -73


class Registration(IntEnum):
    """<stat> of AT+CREG (3GPP TS 27.007 7.2)."""

    OFF = 0
    HOME = 1
    SEARCHING = 2
    DENIED = 3
    UNKNOWN = 4
    ROAMING = 5


class Cells:
    """One network. Phones that are in it are told when something changes."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._registration = Registration.HOME
        self._covered = True
        self._phones: list[Terminal] = []
        self.signal_dbm = SIGNAL_DBM
        self.operator = "CHINA MOBILE"
        self.operator_code = "46000"
        self.location_area = 0x2483
        self.cell = 0x0E9D
        self.time: Literal["right", "wrong", "none"] = "right"
        self.time_error_s = 0  # of "wrong"
        self.zone_quarters = ZONE_QUARTERS

    @property
    def registration(self) -> Registration:
        """What a phone that registers is answered; SEARCHING where there is no coverage."""
        return self._registration if self._covered else Registration.SEARCHING

    @registration.setter
    def registration(self, registration: Registration) -> None:
        self._registration = registration
        self._tell()

    @property
    def covered(self) -> bool:
        return self._covered

    @covered.setter
    def covered(self, covered: bool) -> None:
        self._covered = covered
        self._tell()

    def outage(self, from_ms: int, to_ms: int) -> None:
        """No coverage between these moments, counted from now."""

        def cover(covered: bool) -> None:
            self.covered = covered

        self._world.at(from_ms, lambda: cover(False))
        self._world.at(to_ms, lambda: cover(True))

    def network_time(self) -> int | None:
        """Unix seconds as the network tells them when a phone registers; None: it tells nothing."""
        if self.time == "none":
            return None
        return self._world.unix_time + (self.time_error_s if self.time == "wrong" else 0)

    def watch(self, phone: Terminal) -> None:
        if phone not in self._phones:
            self._phones.append(phone)

    def unwatch(self, phone: Terminal) -> None:
        if phone in self._phones:
            self._phones.remove(phone)

    def _tell(self) -> None:
        for phone in list(self._phones):
            phone.cells_changed()
