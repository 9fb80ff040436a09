"""A device for tests of the client: answers host-link lines on a loopback socket as a test tells it to."""

import socket
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from protocol import hostlink

Handler = Callable[["LineServer", Any, dict[str, Any]], dict[str, Any] | None]


class LineServer:
    """`handlers` by method: the result, or None when the handler has sent what it wanted by itself."""

    def __init__(self, handlers: dict[str, Handler]) -> None:
        self.handlers = handlers
        self.lines: list[bytes] = []
        self.greeting = b""
        self.asked = Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._connection: socket.socket | None = None
        self._thread = Thread(target=self._accept, daemon=True)
        self._thread.start()

    def send(self, data: bytes) -> None:
        assert self._connection is not None
        self._connection.sendall(data)

    def send_message(self, message: dict[str, Any]) -> None:
        self.send(hostlink.encode(message))

    def hang_up(self) -> None:
        assert self._connection is not None
        self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._server.fileno() < 0:
            return
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                self._connection, _ = self._server.accept()
            except OSError:
                return
            with self._connection, self._connection.makefile("rb") as file:
                for line in self._lines(file):
                    self._serve(line)

    def _lines(self, file: Any) -> Any:
        while True:
            try:
                line = file.readline()
            except OSError:
                return
            if not line:
                return
            if line.strip():
                yield line
            else:
                self.send(self.greeting)  # the blank line with which a link begins: now it listens

    def _serve(self, line: bytes) -> None:
        self.lines.append(line)
        number, method, params = hostlink.read_request(hostlink.decode(line))
        self.asked.set()
        result = self.handlers[method](self, number, dict(params))
        if result is not None:
            self.send_message(hostlink.result(number, result))


def refuse(reason: str, **data: Any) -> Handler:
    """A handler that refuses."""

    def handler(server: LineServer, number: Any, _params: dict[str, Any]) -> None:
        server.send_message(hostlink.failure(number, hostlink.REFUSED, reason, "no", data))

    return handler


def answer(**result: Any) -> Handler:
    """A handler that always gives this result."""
    return lambda _server, _number, _params: result
