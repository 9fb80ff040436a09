"""The HTTP client against a server on the loopback that answers whatever it likes."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.host.drivers.bench import Bench

OK = b"HTTP/1.1 200 OK\r\n"


class Server:
    """Takes one connection after another, reads one request, sends what it was told, closes."""

    def __init__(self) -> None:
        self.answer = b""
        self.hang = False
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._held: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._listener.fileno() < 0:
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for connection in self._held:
            connection.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._held.append(connection)
            self.requests.append(_request(connection))
            if not self.hang:
                with suppress(OSError):  # a client that has seen enough may be gone
                    connection.sendall(self.answer)
                    connection.shutdown(socket.SHUT_WR)


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(4096)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(4096)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def joined(bench: Bench) -> None:
    bench.call("join")


def post(bench: Bench, server: Server, body: bytes = b"sealed", timeout_ms: int = 5000) -> tuple[object, str]:
    status, answer, *_usable = bench.call("post", port=server.port, path="/up", body=body.hex(), timeout_ms=timeout_ms)
    return status, answer


def test_a_post_and_its_answer(bench: Bench, server: Server) -> None:
    server.answer = OK + b"Content-Length: 3\r\nX: y\r\n\r\nack"
    assert post(bench, server, b"\x00\xffsealed") == (200, b"ack".hex())
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == b"\x00\xffsealed"
    assert head.startswith(b"POST /up HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"Content-Type: application/cose\r\n" in head


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nac\r\n1;x=y\r\nk\r\n0\r\n\r\n", 200, b"ack"),
        (OK + b"\r\nack until closed", 200, b"ack until closed"),
        (OK + b"Content-Length: 0\r\n\r\n", 200, b""),
        (b"HTTP/1.0 503 Busy\r\nContent-Length: 4\r\n\r\nwait", 503, b"wait"),
        (b"HTTP/1.1 204\nContent-Length: 0\n\n", 204, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 3\r\n\r\nack", 200, b"ack"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 2 + OK + b"Content-Length: 3\r\n\r\nack", 200, b"ack"),
    ],
)
def test_every_framing(bench: Bench, server: Server, answer: bytes, status: int, body: bytes) -> None:
    server.answer = answer
    assert post(bench, server) == (status, body.hex())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 \r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        OK + b"Content-Length: 10\r\n\r\nshort",
        OK + b"Content-Length: 4097\r\n\r\n" + bytes(4097),
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: many\r\n\r\n",
        OK + b"Transfer-Encoding: gzip\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2000\r\n" + bytes(0x2000),
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 300 + b"0\r\n\r\n",
        OK + b"X: " + b"y" * 600 + b"\r\n\r\n",
        OK + b"X: y\r\n" * 60 + b"\r\n",
        OK + b"\r\n" + bytes(5000),
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20 + OK + b"Content-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n",
        b"HTTP/1.1 99 Odd\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=range(19),
)
def test_a_bad_answer_is_an_error_of_ours(bench: Bench, server: Server, answer: bytes) -> None:
    server.answer = answer
    assert post(bench, server)[0] == "http"


@pytest.mark.parametrize(
    ("answer", "usable"),
    [
        (OK + b"Content-Length: 1\r\n\r\nx", True),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", True),
        (OK + b"Connection: Close\r\nContent-Length: 1\r\n\r\nx", False),
        (OK + b"\r\nx", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", False),
    ],
)
def test_whether_the_connection_carries_another_post(bench: Bench, server: Server, answer: bytes, usable: bool) -> None:
    server.answer = answer
    assert bench.call("post", port=server.port, path="/up", body="", timeout_ms=5000) == [200, b"x".hex(), usable]


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_never_has_a_body_is_not_waited_for(bench: Bench, server: Server, status: int) -> None:
    """RFC 9112 6.3: it ends with its head, whatever the head says, and the connection goes on."""
    bare = b"HTTP/1.1 %d Nothing\r\n" % status
    server.answer = bare + b"\r\n" + bare + b"Content-Length: 5\r\n\r\n" + OK + b"Content-Length: 3\r\n\r\nack"
    answer = bench.call("post", port=server.port, path="/up", body="", timeout_ms=5000, times=3)
    assert answer == [200, b"ack".hex(), True]


def test_several_posts_on_one_connection(bench: Bench, server: Server) -> None:
    """The answers may even come in one piece: each is read to its own end."""
    server.answer = (OK + b"Content-Length: 3\r\n\r\nack") * 3
    answer = bench.call("post", port=server.port, path="/up", body="01", timeout_ms=5000, times=3)
    assert answer == [200, b"ack".hex(), True]
    assert len(server.requests) == 1  # the server closed after one: all answers were there


def test_a_silent_server_times_out(bench: Bench, server: Server) -> None:
    bench.world.network_patience_ms = 50
    server.hang = True
    assert post(bench, server, timeout_ms=3000)[0] == "timeout"


def test_nobody_listens(bench: Bench, server: Server) -> None:
    port = server.port
    server.close()
    assert bench.call("post", port=port, path="/", body="", timeout_ms=3000)[0] in ("os", "timeout")
