"""One hostile connection. Whoever loses it opens the next at once: that is what 500 connections of a kind means."""

import asyncio
from collections import Counter
from typing import ClassVar, Final, cast

from tools.load.records import ANSWERED

STATUS_DIGITS: Final = 3
ANSWER: Final = b"HTTP/1.1 "


class Line(asyncio.Protocol):
    """Counts what comes; a kind of attack says what goes."""

    RECEIVE_BYTES: ClassVar[int] = 0
    """Of the kernel's buffer; 0: as usual."""

    def __init__(self, happened: Counter[str]) -> None:
        self.happened = happened
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport
        self.status = ""
        """Of the latest answer; empty: there was none."""
        self.latest = b""
        """The piece in which it began to come."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.begin()

    def data_received(self, data: bytes) -> None:
        self.latest = data
        place = data.find(ANSWER)
        while place >= 0:
            self.status = data[place + len(ANSWER) :][:STATUS_DIGITS].decode("latin-1")
            self.happened[f"{ANSWERED} {self.status}"] += 1
            self.answered()
            place = data.find(ANSWER, place + len(ANSWER))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's)
        self.ended()
        if not self.over.done():
            self.over.set_result(None)
        self.happened["closed after an answer" if self.status else "closed without a word"] += 1

    def begin(self) -> None:
        """The connection is there."""

    def answered(self) -> None:
        """One answer has begun to come."""

    def ended(self) -> None:
        """The connection is gone."""
