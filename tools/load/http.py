"""Just enough of HTTP/1.1 to read an answer of any framing off a connection, and know whether it may be used again."""

import asyncio
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass, field
from typing import Final, Self

from tools.load import address
from tools.load.address import Target

BODY_MAX_BYTES: Final = 64 << 20
LINE_LIMIT_BYTES: Final = 1 << 20


class BadAnswer(Exception):
    """What came is no answer, or the connection ended in the middle of one."""


@dataclass
class Answer:
    """Header names in lower case; a header that comes twice has its values joined by newlines."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Connection:
    """One connection, used for one exchange after the other."""

    reader: StreamReader
    writer: StreamWriter
    usable: bool = True

    @classmethod
    async def open(cls, source: str, target: Target) -> Self:
        """Raises OSError."""
        reader, writer = await asyncio.open_connection(sock=await address.dial(source, target), limit=LINE_LIMIT_BYTES)
        return cls(reader, writer)

    async def exchange(self, request: bytes) -> Answer:
        """Raises BadAnswer, OSError."""
        self.usable = False  # unless the whole answer was read
        self.writer.write(request)
        answer = await self.head()
        answer.body = await self._body(answer)
        self.usable = answer.headers.get("connection", "") != "close"
        return answer

    async def head(self) -> Answer:
        """Status and headers of the next answer."""
        line = await self._line()
        parts = line.split(b" ", 2)
        if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit():
            raise BadAnswer(f"no HTTP: {line[:40]!r}")
        answer = Answer(int(parts[1]))
        while line := await self._line():
            name, _colon, value = line.decode("latin-1").partition(":")
            name, value = name.lower(), value.strip()
            before = answer.headers.get(name)
            answer.headers[name] = value if before is None else f"{before}\n{value}"
        return answer

    async def chunks(self) -> bytes:
        """The next piece of a body without an end; empty at its end."""
        size = int((await self._line()).split(b";")[0], 16)
        piece = await self.reader.readexactly(size + 2)
        return piece[:-2]

    def close(self) -> None:
        """At once."""
        self.usable = False
        self.writer.transport.abort()

    async def _body(self, answer: Answer) -> bytes:
        if answer.status in (204, 304):
            return b""
        try:
            if answer.headers.get("transfer-encoding") == "chunked":
                pieces = []
                while piece := await self.chunks():
                    pieces.append(piece)
                return b"".join(pieces)
            length = int(answer.headers.get("content-length", "0"))
            if length > BODY_MAX_BYTES:
                raise BadAnswer(f"a body of {length} bytes")
            return await self.reader.readexactly(length)
        except asyncio.IncompleteReadError as cut:
            raise BadAnswer("cut off") from cut

    async def _line(self) -> bytes:
        try:
            return (await self.reader.readuntil(b"\r\n"))[:-2]
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as cut:
            raise BadAnswer("cut off") from cut


def request(method: str, path: str, host: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """A whole request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
