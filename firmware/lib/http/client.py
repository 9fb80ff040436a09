"""Bounded HTTP/1.1 POSTs on an open connection (RFC 9112): several, one after another, answers of any framing."""

import asyncio

from micropython import const

_MAX_BODY_BYTES = const(4096)
_MAX_LINE_BYTES = const(512)
_MAX_HEADERS = const(40)
_MAX_CHUNKS = const(256)
_MAX_INTERIM = const(8)
_READ_BYTES = const(256)
_TOGETHER_BYTES = const(1024)  # a short body goes into the head's TLS record; a long one is not worth a copy
_NO_LENGTH = const(-1)
_CHUNKED = const(-2)
_BODILESS = (204, 304)  # RFC 9110 6.4.1: they end with their head, whatever it says


class HttpError(Exception):
    """The server answered something that is no answer we can take: broken, too long, or cut off."""


class Http:
    """``connection``: read(n), write(data), close(), awaited. ``host``: what the server is called."""

    def __init__(self, connection: "Connection", host: str) -> None:
        self._connection = connection
        self._host = host
        self._ahead = b""  # read from the connection, not yet used
        self._keeps = False
        self.usable = True  # for another POST
        self.posts = 0

    async def post(self, path: str, body: bytes, content_type: str, timeout_ms: int) -> tuple[int, bytes]:
        """(status, body). Raises asyncio.TimeoutError, HttpError, and whatever the connection raises."""
        self.usable = False  # unless the whole answer was read
        answer: tuple[int, bytes] = await asyncio.wait_for_ms(self._exchange(path, body, content_type), timeout_ms)
        self.usable = self._keeps
        self.posts += 1
        return answer

    async def close(self) -> None:
        self.usable = False
        await self._connection.close()

    async def _exchange(self, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        head = self._head(path, len(body), content_type)
        if len(body) <= _TOGETHER_BYTES:
            await self._connection.write(head + body)
        else:
            await self._connection.write(head)
            await self._connection.write(body)
        return await self._answer()

    async def _answer(self) -> tuple[int, bytes]:
        """The final one; what a server or a proxy says before it (100 Continue, 103 Early Hints) is read past."""
        for _ in range(_MAX_INTERIM):
            status = await self._status()
            framing = await self._framing()
            if status in _BODILESS:
                return status, b""
            if status >= 200:
                self._keeps = self._keeps and framing != _NO_LENGTH
                return status, await self._body(framing)
            if status < 100 or status == 101:
                raise HttpError("status %d" % status)  # 101: another protocol, which nobody asked for
        raise HttpError("too many interim answers")

    def _head(self, path: str, length: int, content_type: str) -> bytes:
        return (
            "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
            % (path, self._host, content_type, length)
        ).encode()

    async def _status(self) -> int:
        parts = (await self._line()).split(b" ", 2)
        if len(parts) < 2 or not parts[0].startswith(b"HTTP/1."):
            raise HttpError("no HTTP")
        self._keeps = parts[0] == b"HTTP/1.1"
        return _number(parts[1], 10)

    async def _framing(self) -> int:
        """The body's length, _CHUNKED or _NO_LENGTH, from the header lines (RFC 9112 6.3)."""
        framing = _NO_LENGTH
        for _ in range(_MAX_HEADERS):
            line = await self._line()
            if not line:
                return framing
            name, _colon, value = line.partition(b":")
            name, value = name.lower(), value.strip().lower()
            if name == b"transfer-encoding":
                if value != b"chunked":
                    raise HttpError("transfer-encoding")
                framing = _CHUNKED
            elif name == b"content-length" and framing != _CHUNKED:
                framing = _number(value, 10)
            elif name == b"connection" and value == b"close":
                self._keeps = False
        raise HttpError("too many headers")

    async def _body(self, framing: int) -> bytes:
        if framing == _CHUNKED:
            return await self._chunks()
        if framing == _NO_LENGTH:
            return await self._until_closed()
        if framing > _MAX_BODY_BYTES:
            raise HttpError("body of %d bytes" % framing)
        return await self._exactly(framing)

    async def _chunks(self) -> bytes:
        body = b""
        for _ in range(_MAX_CHUNKS):
            size = _number((await self._line()).split(b";")[0].strip(), 16)
            if size == 0:
                await self._line()
                return body
            if len(body) + size > _MAX_BODY_BYTES:
                raise HttpError("body too long")
            body += await self._exactly(size)
            await self._line()
        raise HttpError("too many chunks")

    async def _until_closed(self) -> bytes:
        body, self._ahead = self._ahead, b""
        while len(body) <= _MAX_BODY_BYTES:
            part = await self._connection.read(_READ_BYTES)
            if not part:
                return body
            body += part
        raise HttpError("body too long")

    async def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            if not self._ahead:
                await self._more()
            part = self._ahead[: count - len(data)]
            self._ahead = self._ahead[len(part) :]
            data += part
        return data

    async def _line(self) -> bytes:
        """Without its line end."""
        while True:
            end = self._ahead.find(b"\n")
            if end > _MAX_LINE_BYTES or (end < 0 and len(self._ahead) > _MAX_LINE_BYTES):
                raise HttpError("line too long")
            if end >= 0:
                line = self._ahead[:end]
                self._ahead = self._ahead[end + 1 :]
                return line[:-1] if line.endswith(b"\r") else line
            await self._more()

    async def _more(self) -> None:
        part = await self._connection.read(_READ_BYTES)
        if not part:
            raise HttpError("cut off")
        self._ahead += part


def _number(digits: bytes, base: int) -> int:
    try:
        number = int(digits.decode(), base)
    except ValueError:
        raise HttpError("no number") from None
    if number < 0:
        raise HttpError("no number")
    return number


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Connection(Protocol):
        async def read(self, count: int) -> bytes: ...

        async def write(self, data: bytes) -> None: ...

        async def close(self) -> None: ...
