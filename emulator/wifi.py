"""The board's Wi-Fi as its driver sees it. Packets themselves pass through real sockets on loopback."""

from collections.abc import Callable
from typing import Final, Protocol

from emulator.frames import WifiAsk

IDLE: Final = 1000
CONNECTING: Final = 1001
JOINED: Final = 1010
NO_NETWORK: Final = 201
WRONG_KEY: Final = 202
JOIN_US: Final = 1_500_000
SIGNAL_DBM: Final = -58


class Scheduler(Protocol):
    @property
    def now_us(self) -> int: ...

    def schedule(self, time_us: int, action: Callable[[], None]) -> None: ...


class Network:
    """One access point. Switch `up` to take it away and give it back; a station that wants to joins again by itself."""

    def __init__(self, world: Scheduler) -> None:
        self.key: str | None = None  # None: any key will do
        self.initialised = False  # in this start: the driver has its buffers, which only a reset frees
        self.active = False  # the radio is on
        self._up = True
        self._world = world
        self._wanted = False
        self._given_key = ""
        self._joined_us: int | None = None

    @property
    def up(self) -> bool:
        return self._up

    @up.setter
    def up(self, up: bool) -> None:
        self._up = up
        self._joined_us = self._world.now_us + JOIN_US if up and self._wanted else None

    @property
    def passes(self) -> bool:
        return self.status() == JOINED

    def status(self) -> int:
        if not self._wanted:
            return IDLE
        if not self._up or self._joined_us is None:
            return NO_NETWORK
        if self._world.now_us < self._joined_us:
            return CONNECTING
        return JOINED if self.key in (None, self._given_key) else WRONG_KEY

    def ask(self, what: int, payload: bytes) -> int:
        if what == WifiAsk.SIGNAL:
            return SIGNAL_DBM if self.passes else 0
        if what == WifiAsk.INITIALISE:
            self.initialised = True
        elif what == WifiAsk.ACTIVATE:
            self._activate(payload != b"\0")
        elif what == WifiAsk.CONNECT:
            self._connect(payload.partition(b"\0")[2].decode(errors="replace"))
        elif what == WifiAsk.DISCONNECT:
            self._leave()
        return self.status()

    def reset(self) -> None:
        self.initialised = False
        self._activate(False)

    def _activate(self, on: bool) -> None:
        self.active = on
        if not on:
            self._leave()

    def _leave(self) -> None:
        self._wanted = False
        self._joined_us = None

    def _connect(self, key: str) -> None:
        self._wanted = True
        self._given_key = key
        self._joined_us = self._world.now_us + JOIN_US if self._up else None
