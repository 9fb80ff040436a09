"""One bounded HTTP/1.1 POST on asyncio (RFC 9112): a connection per request, answers of either framing."""

import asyncio

from micropython import const

MAX_BODY_BYTES = const(4096)
_MAX_LINE_BYTES = const(512)
_MAX_HEADERS = const(40)
_MAX_CHUNKS = const(256)
_NO_LENGTH = const(-1)
_CHUNKED = const(-2)


class HttpError(Exception):
    """The server answered something that is no answer we can take: broken, too long, or cut off."""


async def post(host: str, port: int, path: str, body: bytes, content_type: str, timeout_ms: int) -> tuple[int, bytes]:
    """(status, body). Raises OSError (no connection), asyncio.TimeoutError, HttpError."""
    return await asyncio.wait_for_ms(_exchange(host, port, path, body, content_type), timeout_ms)


async def _exchange(host: str, port: int, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(_head(host, port, path, len(body), content_type))
        writer.write(body)
        await writer.drain()
        status = await _status(reader)
        return status, await _body(reader, await _framing(reader))
    finally:
        writer.close()
        await writer.wait_closed()


def _head(host: str, port: int, path: str, length: int, content_type: str) -> bytes:
    return (
        "POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        % (path, host, port, content_type, length)
    ).encode()


async def _status(reader: asyncio.StreamReader) -> int:
    parts = (await _line(reader)).split(b" ", 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/1."):
        raise HttpError("no HTTP")
    return _number(parts[1], 10)


async def _framing(reader: asyncio.StreamReader) -> int:
    """The body's length, _CHUNKED or _NO_LENGTH, from the header lines (RFC 9112 6.3)."""
    framing = _NO_LENGTH
    for _ in range(_MAX_HEADERS):
        line = await _line(reader)
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
    raise HttpError("too many headers")


async def _body(reader: asyncio.StreamReader, framing: int) -> bytes:
    if framing == _CHUNKED:
        return await _chunks(reader)
    if framing == _NO_LENGTH:
        return await _until_closed(reader)
    if framing > MAX_BODY_BYTES:
        raise HttpError("body of %d bytes" % framing)
    return await _exactly(reader, framing)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    for _ in range(_MAX_CHUNKS):
        size = _number((await _line(reader)).split(b";")[0].strip(), 16)
        if size == 0:
            await _line(reader)
            return body
        if len(body) + size > MAX_BODY_BYTES:
            raise HttpError("body too long")
        body += await _exactly(reader, size)
        await _line(reader)
    raise HttpError("too many chunks")


async def _until_closed(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        part = await reader.read(_MAX_LINE_BYTES)
        if not part:
            return body
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise HttpError("body too long")


async def _exactly(reader: asyncio.StreamReader, count: int) -> bytes:
    try:
        return await reader.readexactly(count)
    except EOFError:
        raise HttpError("cut off") from None


async def _line(reader: asyncio.StreamReader) -> bytes:
    """Without its line end. Byte by byte, because readline() would hold whatever a server cares to send."""
    line = bytearray()
    while len(line) <= _MAX_LINE_BYTES:
        part = await reader.read(1)
        if not part:
            raise HttpError("cut off")
        if part == b"\n":
            return bytes(line[:-1] if line.endswith(b"\r") else line)
        line += part
    raise HttpError("line too long")


def _number(digits: bytes, base: int) -> int:
    try:
        number = int(digits.decode(), base)
    except ValueError:
        raise HttpError("no number") from None
    if number < 0:
        raise HttpError("no number")
    return number
