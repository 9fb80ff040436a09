"""Clients of a real server on loopback, each on an address of its own, that say exactly what a test wants said."""

import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self

PATIENCE_S = 30
"""A server that never answers ends the test, not the test's time."""
RECEIVE_BYTES = 65536


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: str = ""
    """Every Set-Cookie, one a line."""


class Wire:
    """One connection."""

    def __init__(self, port: int, source: str = "127.0.0.1", receive_bytes: int = 0) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE_S)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self._read = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def say(self, words: bytes) -> Self:
        self.socket.sendall(words)
        return self

    def ask(self, path: str, *, method: str = "GET", body: bytes = b"", **headers: str) -> Self:
        """A whole request."""
        return self.say(head(path, method=method, content_length=str(len(body)), **headers) + body)

    def answer(self) -> Answer:
        """The next answer, whole."""
        while b"\r\n\r\n" not in self._read:
            self._more()
        lines, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *rest = lines.decode().split("\r\n")
        pairs = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in rest)]
        headers = dict(pairs)
        length = int(headers.get("content-length", "0"))
        while len(self._read) < length:
            self._more()
        body, self._read = self._read[:length], self._read[length:]
        cookies = "\r\n".join(value for name, value in pairs if name == "set-cookie")
        return Answer(int(first.split()[1]), headers, body, cookies)

    def until(self, words: bytes) -> None:
        """Read on until these words came."""
        while words not in self._read:
            self._more()

    def is_closed(self) -> bool:
        """Waits for the server to close; False when it says something instead."""
        try:
            return self._read == b"" and self.socket.recv(RECEIVE_BYTES) == b""
        except ConnectionResetError:
            return True

    def _more(self) -> None:
        part = self.socket.recv(RECEIVE_BYTES)
        assert part, f"closed after {self._read!r}"
        self._read += part


def head(path: str, *, method: str = "GET", **headers: str) -> bytes:
    """The head of a request; ``content_length`` is Content-Length."""
    lines = [f"{method} {path} HTTP/1.1", "host: perscan.test"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
