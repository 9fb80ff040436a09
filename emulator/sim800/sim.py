"""The SIM card: whose number it is, its secrets, its places for messages."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

PIN_TRIES: Final = 3
PUK_TRIES: Final = 10
CAPACITY: Final = 30


class Lock(Enum):
    """The <code> of AT+CPIN?."""

    READY = "READY"
    PIN = "SIM PIN"
    PUK = "SIM PUK"
    BLOCKED = "SIM BLOCKED"


@dataclass
class Stored:
    """A message in a place of the SIM. status as in AT+CMGL: 0 unread, 1 read."""

    pdu: bytes
    status: int = 0


@dataclass(eq=False)
class Sim:
    """What it holds survives every loss of power, but for the PIN having been given."""

    number: str
    pin: str | None = None
    apn: str = "internet"
    puk: str = "12345678"
    capacity: int = CAPACITY
    iccid: str = "89860012345678901234"
    imsi: str = "460001234567890"
    smsc: str = "+8613800100500"
    pin_tries: int = PIN_TRIES
    puk_tries: int = PUK_TRIES
    unlocked: bool = False
    places: dict[int, Stored] = field(default_factory=dict)
    last_reference: int = 0

    @property
    def lock(self) -> Lock:
        if not self.puk_tries:
            return Lock.BLOCKED
        if not self.pin_tries:
            return Lock.PUK
        return Lock.READY if self.pin is None or self.unlocked else Lock.PIN

    def power_on(self) -> None:
        self.unlocked = False

    def give_pin(self, pin: str) -> bool:
        """A wrong one costs a try; none are left after three."""
        if pin == self.pin:
            self.pin_tries = PIN_TRIES
            self.unlocked = True
            return True
        self.pin_tries = max(0, self.pin_tries - 1)
        return False

    def give_puk(self, puk: str, new_pin: str) -> bool:
        if puk != self.puk:
            self.puk_tries = max(0, self.puk_tries - 1)
            return False
        self.pin, self.pin_tries, self.unlocked = new_pin, PIN_TRIES, True
        return True

    def store(self, pdu: bytes, capacity: int) -> int | None:
        """The place it went to, the lowest free one; None: all are taken."""
        for place in range(1, min(self.capacity, capacity) + 1):
            if place not in self.places:
                self.places[place] = Stored(pdu)
                return place
        return None

    def next_reference(self) -> int:
        self.last_reference = self.last_reference + 1 & 0xFF
        return self.last_reference
