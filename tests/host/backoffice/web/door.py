"""Stands before a running server and does what proxies, overload and bad networks do to browsers."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Condition, Event

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATIENCE_S = 20


@dataclass
class Door:
    """An ASGI application around another. Everything may be called from the test's thread."""

    app: ASGIApp
    asked: Counter[str] = field(default_factory=Counter)
    """Requests so far, by path."""
    _refused: dict[str, tuple[int, str, Mapping[str, str]]] = field(default_factory=dict)
    _held: dict[str, Event] = field(default_factory=dict)
    _arrived: dict[str, Event] = field(default_factory=dict)
    _mute: set[str] = field(default_factory=set)
    _open: Counter[str] = field(default_factory=Counter)
    _changed: Condition = field(default_factory=Condition)

    def refuse(self, path: str, status: int, body: str = "refused", **headers: str) -> None:
        """Answer in the server's place from now on. Names of headers with _ for -."""
        self._refused[path] = (status, body, {name.replace("_", "-"): value for name, value in headers.items()})

    def admit(self, path: str) -> None:
        """Let requests pass again."""
        del self._refused[path]

    def hold(self, path: str) -> Event:
        """Keep the next requests until ``release``. What is returned is set when one has come."""
        self._held[path] = Event()
        self._arrived[path] = Event()
        return self._arrived[path]

    def release(self, path: str) -> None:
        """Let the kept ones pass."""
        self._held.pop(path).set()

    def mute(self, path: str) -> None:
        """From now on answers stay open and say nothing more: a network that lost the connection and told nobody."""
        self._mute.add(path)

    def unmute(self, path: str) -> None:
        """New answers are heard again."""
        self._mute.discard(path)

    def wait_until_asked(self, path: str, number: int) -> None:
        """Wait until so many requests of a path have come."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.asked[path] >= number, PATIENCE_S), self.asked

    def wait_until_open(self, path: str, number: int) -> None:
        """Wait until so many requests of a path are being answered."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._open[path] == number, PATIENCE_S), self._open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path = scope["path"]
        self._count(path, 1)
        try:
            await self._answer(path, scope, receive, send)
        finally:
            self._count(path, -1)

    def _count(self, path: str, more: int) -> None:
        with self._changed:
            self.asked[path] += max(more, 0)
            self._open[path] += more
            self._changed.notify_all()

    async def _answer(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if path in self._held:
            self._arrived[path].set()
            await asyncio.to_thread(self._held[path].wait, PATIENCE_S)
        if path in self._refused:
            status, body, headers = self._refused[path]
            await PlainTextResponse(body, status, dict(headers))(scope, receive, send)
            return

        lost = False

        async def send_unless_mute(message: Message) -> None:
            nonlocal lost
            lost = lost or path in self._mute  # what was lost once stays lost
            if not lost:
                await send(message)

        await self.app(scope, receive, send_unless_mute)
