"""One bounded POST to a platform: no redirects, no proxies, no address in any log (it may name a person's number).

What answers may be anything: it drips, never ends, says "100 Continue" for ever, or is not HTTP. Bounded are the time
of the whole exchange and the bytes that are read of it, not only those of each step.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from backoffice.errors import SmsPlatformUnreachable

TIMEOUT_S = 10
"""Of the connection; of the answer, from then on, once more."""
ANSWER_MAX_BYTES = 64 * 1024
"""Of the body that is looked at."""
READ_MAX_BYTES = 2 * ANSWER_MAX_BYTES
"""Of all that is read, heads and chunks included."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Status and body of the answer. Raises SmsPlatformUnreachable."""
    try:
        parts = urlsplit(url)
        with closing(_connection(parts.scheme, parts.hostname or "", parts.port)) as connection:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, _body_of(answer)
    except (OSError, http.client.HTTPException) as error:
        raise SmsPlatformUnreachable() from error
    except ValueError as error:  # a port above 65535, letters that no address has
        raise SmsPlatformUnreachable("the platform's address is none") from error


def _body_of(answer: http.client.HTTPResponse) -> bytes:
    """The status says whether the message was taken: a body that breaks off takes nothing back."""
    try:
        return answer.read(ANSWER_MAX_BYTES)
    except (OSError, http.client.HTTPException, ValueError):
        return b""


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        return _Https(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
    return _Http(host, port, timeout=TIMEOUT_S)


class _Bounded(io.RawIOBase):
    """What a socket gives until a moment, and so much of it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._raw = connection.makefile("rb", buffering=0)  # keeps the socket open until the answer is read
        self._until_s = time.monotonic() + TIMEOUT_S
        self._left_bytes = READ_MAX_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left_s = self._until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer takes too long")
        if self._left_bytes <= 0:
            raise OSError("the answer is too long")
        self._connection.settimeout(left_s)
        count: int = self._raw.readinto(memoryview(buffer)[: self._left_bytes]) or 0
        self._left_bytes -= count
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """Reads through a _Bounded."""

    def __init__(self, sock: socket.socket, *more: Any, **named: Any) -> None:
        super().__init__(sock, *more, **named)
        bounded = io.BufferedReader(_Bounded(sock))
        self.fp.close()
        self.fp = bounded  # type: ignore[assignment]


class _Http(http.client.HTTPConnection):
    response_class = _Answer


class _Https(http.client.HTTPSConnection):
    response_class = _Answer
