"""The line between machines and back office: real HTTP on loopback, and somebody who sits on it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

from fastapi.testclient import TestClient

Answer = tuple[int, bytes]
Instead = Callable[[bytes, Answer], Answer]  # (report, true answer) -> what the machine gets
UNREACHABLE: Answer = (503, b"")


class Wire:
    """Carries reports to the real application and keeps everything that passed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.hang_up()

    def connect(self, client: TestClient) -> None:
        self._client: TestClient | None = client

    def hang_up(self) -> None:
        """Nobody answers any more, and what passed is forgotten."""
        self._client = None
        self.requests: list[bytes] = []
        self.answers: list[Answer] = []
        self.instead: Instead | None = None

    def carry(self, path: str, message: bytes) -> Answer:
        if self._client is None:
            return UNREACHABLE
        response = self._client.post(path, content=message, headers={"Content-Type": "application/cose"})
        answer = (response.status_code, response.content)
        self.requests.append(message)
        self.answers.append(answer)
        return self.instead(message, answer) if self.instead else answer


class _Handler(BaseHTTPRequestHandler):
    wire: ClassVar[Wire]

    def do_POST(self) -> None:
        message = self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.wire.carry(self.path, message)
        self.send_response(status)
        self.send_header("Content-Type", "application/cose")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def listening() -> Iterator[Wire]:
    """A wire whose other end is not connected yet."""
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    wire = Wire(server.server_port)
    server.RequestHandlerClass = type("Handler", (_Handler,), {"wire": wire})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
