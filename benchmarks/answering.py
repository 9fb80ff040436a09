"""A server for one machine: TLS with a certificate of its own authority, sealed answers, and every byte counted."""

import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from protocol import uplink

from backoffice.tls import certificates

NAME = "uplink.example"
NOW = 1_795_400_000
CHUNK_BYTES = 4096
STOP_S = 0.02


@dataclass
class Answering:
    """What a machine has to know, and what it cost."""

    machine_key: bytes
    port: int
    authority_der: bytes
    connections: list["Count"] = field(default_factory=list)

    def answer(self, sealed: bytes) -> bytes:
        """Everything is stored."""
        report = uplink.open_report(self.machine_key, sealed)
        ack = uplink.Ack(report.first_seq + len(report.entries) - 1, NOW, [])
        return uplink.seal_ack(self.machine_key, sealed, ack)


@dataclass
class Count:
    """Bytes of one TCP connection, TLS records included; those of the handshake are those before the first request."""

    up_bytes: int = 0
    down_bytes: int = 0
    handshake_bytes: int = 0
    exchanges: int = 0

    @property
    def total_bytes(self) -> int:
        return self.up_bytes + self.down_bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    office: ClassVar[Answering]

    def do_POST(self) -> None:
        office = self.office
        count = office.connections[-1]
        count.handshake_bytes = count.handshake_bytes or count.total_bytes
        count.exchanges += 1
        content = office.answer(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "application/cose")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: the table is what a bench prints."""


@contextmanager
def answering(machine_key: bytes, tls: bool) -> Iterator[Answering]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads, server.block_on_close = True, False
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a machine that hangs up is no error here
    authority = _prove(server) if tls else b""
    with _counting(server.server_port) as (port, connections):
        office = Answering(machine_key, port, authority, connections)
        server.RequestHandlerClass = type("Handler", (_Handler,), {"office": office})
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": STOP_S}, daemon=True)
        thread.start()
        try:
            yield office
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _prove(server: ThreadingHTTPServer) -> bytes:
    """TLS on its socket; returns the authority that vouches for it."""
    with tempfile.TemporaryDirectory() as folder:
        certificates.make(Path(folder) / "tls", [NAME])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(Path(folder) / "tls/server.pem", Path(folder) / "tls/server.key")
        authority = (Path(folder) / "tls/ca.der").read_bytes()
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return authority


@contextmanager
def _counting(port: int) -> Iterator[tuple[int, list[Count]]]:
    """A relay in front of the port that counts what passes."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[Count] = []

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # closed: the bench is over
            server = socket.create_connection(("127.0.0.1", port))
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connections.append(Count())
            for source, target, name in ((client, server, "up_bytes"), (server, client, "down_bytes")):
                arguments = (source, target, connections[-1], name)
                threading.Thread(target=_pump, args=arguments, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1], connections
    finally:
        listener.close()


def _pump(source: socket.socket, target: socket.socket, count: Count, name: str) -> None:
    try:
        while data := source.recv(CHUNK_BYTES):
            setattr(count, name, getattr(count, name) + len(data))
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # one of the ends hung up
