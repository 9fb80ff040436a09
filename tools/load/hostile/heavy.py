"""Those who make the server hold much: bodies without measure, answers that are not read, streams without number."""

import asyncio
from collections import Counter
from typing import ClassVar, Final

from tools.load.hostile.line import Line
from tools.load.hostile.loot import COOKIE, Loot
from tools.load.http import request

BODY_BYTES: Final = 150 << 20
PIECE: Final = b" " * (64 << 10)
ANSWERS_AHEAD: Final = 32
SLOW_RECEIVE_BYTES: Final = 4096
SIP_EVERY_S: Final = 1.0


class BigBody(Line):
    """A JSON text of 150 MiB, as fast as it is taken. It is white space: nothing can be said of it before its end."""

    def __init__(self, happened: Counter[str], start: bytes) -> None:
        super().__init__(happened)
        self._start = start
        self._left_bytes = BODY_BYTES
        self._flowing = True

    def begin(self) -> None:
        self.transport.write(self._start)
        self._pour()

    def pause_writing(self) -> None:
        self._flowing = False

    def resume_writing(self) -> None:
        self._flowing = True
        self._pour()

    def answered(self) -> None:
        if self._left_bytes:
            self.transport.abort()  # refused: the next one

    def _pour(self) -> None:
        while self._flowing and self._left_bytes > 0 and not self.transport.is_closing():
            self._left_bytes -= len(PIECE)
            self.transport.write(PIECE)
            self.happened["64 KiB poured"] += 1


class Sipping(Line):
    """Asks for much and reads next to nothing of it."""

    RECEIVE_BYTES: ClassVar[int] = SLOW_RECEIVE_BYTES

    def __init__(self, happened: Counter[str], asked: bytes) -> None:
        super().__init__(happened)
        self._asked = asked
        self._next: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        self.transport.write(self._asked)
        self.transport.pause_reading()
        self._schedule()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.transport.pause_reading()
        self._schedule()

    def ended(self) -> None:
        if self._next is not None:
            self._next.cancel()

    def _schedule(self) -> None:
        self._next = asyncio.get_running_loop().call_later(SIP_EVERY_S, self._sip)

    def _sip(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()


class Listening(Line):
    """An event stream, held."""

    def __init__(self, happened: Counter[str], asked: bytes) -> None:
        super().__init__(happened)
        self._asked = asked

    def begin(self) -> None:
        self.transport.write(self._asked)


def big_body(loot: Loot, _place: int, happened: Counter[str]) -> Line:
    head = request("POST", "/api/v1/login", loot.host, {"Content-Type": "application/json"})
    return BigBody(happened, head.replace(b"Content-Length: 0", f"Content-Length: {BODY_BYTES}".encode()))


def slow_reader(loot: Loot, place: int, happened: Counter[str]) -> Line:
    """Of what a stranger may have, and of what a low user may have."""
    if place % 2:
        return Sipping(happened, request("GET", "/openapi.json", loot.host) * ANSWERS_AHEAD)
    return Sipping(happened, request("GET", "/usage.csv", loot.host, _logged_in(loot)) * ANSWERS_AHEAD)


def stream(loot: Loot, _place: int, happened: Counter[str]) -> Line:
    return Listening(happened, request("GET", "/events", loot.host, _logged_in(loot)))


def _logged_in(loot: Loot) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={loot.low.cookie}"}
