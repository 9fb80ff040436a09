"""Those who say little and stay: nothing at all, half a head, half a body, one cheap request now and then."""

import asyncio
from collections import Counter
from typing import Final

from tools.load.hostile.line import Line
from tools.load.hostile.loot import Loot
from tools.load.http import request

DRIP_EVERY_S: Final = 1.0
HOG_EVERY_S: Final = 2.0


class Silent(Line):
    """Connected, and that is all."""


class Drip(Line):
    """Begins something, and goes on with one byte a second for ever."""

    def __init__(self, happened: Counter[str], start: bytes, drop: bytes) -> None:
        super().__init__(happened)
        self._start, self._drop = start, drop
        self._next: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        self.transport.write(self._start)
        self._schedule()

    def ended(self) -> None:
        if self._next is not None:
            self._next.cancel()

    def _schedule(self) -> None:
        self._next = asyncio.get_running_loop().call_later(DRIP_EVERY_S, self._fall)

    def _fall(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(self._drop)
            self._schedule()


class Hog(Drip):
    """Keeps its connection with a cheap request now and then."""

    def begin(self) -> None:
        self._fall()

    def _schedule(self) -> None:
        self._next = asyncio.get_running_loop().call_later(HOG_EVERY_S, self._fall)


def silent(_loot: Loot, _place: int, happened: Counter[str]) -> Line:
    return Silent(happened)


def half_head(loot: Loot, _place: int, happened: Counter[str]) -> Line:
    return Drip(happened, f"GET / HTTP/1.1\r\nHost: {loot.host}\r\nX-Slow: ".encode(), b"a")


def half_body(loot: Loot, _place: int, happened: Counter[str]) -> Line:
    whole = request("POST", "/api/v1/login", loot.host, {"Content-Type": "application/json"}, b"{" * 1000)
    return Drip(happened, whole[:-990], b"{")


def hog(loot: Loot, _place: int, happened: Counter[str]) -> Line:
    return Hog(happened, b"", request("GET", "/login", loot.host))
