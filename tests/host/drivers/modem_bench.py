"""A board with a modem, its driver on it (tests/firmware/lib/modem_main.py), and servers on loopback to connect to."""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from emulator.errors import HostError
from emulator.sim800.sim import Sim
from tests.host.drivers.bench import MAIN, Bench

NUMBER, OFFICE = "+8613900000001", "+8613900000002"
HOST = "server.example"
LONG_MS = 600_000


class ModemBench(Bench):
    """The driver's methods by call(); the modem, the network and their faults by their own names."""

    def __init__(self, seed: int = 1, sim: Sim | None = None) -> None:
        super().__init__(seed, main=MAIN.with_name("modem_main.py"))
        self.modem = self.board.modem
        self.modem.sim = sim or Sim(NUMBER)
        self.phone = self.world.phone
        self.phone.gprs.faults.latency_ms = (50, 80)
        self.servers: list[Server] = []

    def call(self, method: str, **params: Any) -> Any:
        return self.board.host.call(method, LONG_MS, **params)

    def error(self, method: str, **params: Any) -> str:
        """The name of the driver's error."""
        with pytest.raises(HostError) as caught:
            self.call(method, **params)
        return str(caught.value.reason)

    def outcome(self, method: str, **params: Any) -> Any:
        """What it gives, or the name of its error."""
        try:
            return self.call(method, **params)
        except HostError as error:
            return error.reason or str(error)

    def ready(self) -> "ModemBench":
        self.call("start")
        return self

    def online(self, behave: "Behaviour | None" = None) -> "Server":
        """Attached and connected to a server; without a behaviour to one that echoes."""
        server = self.serve(behave or echo)
        self.call("start")
        self.call("attach")
        self.call("connect", host=HOST, port=server.port)
        return server

    def serve(self, behave: "Behaviour") -> "Server":
        server = Server(behave)
        self.servers.append(server)
        self.phone.gprs.routes[(HOST, server.port)] = ("127.0.0.1", server.port)
        return server

    def said(self, since: int = 0) -> list[bytes]:
        """What the driver told the modem, command by command."""
        return [exchange.data for exchange in list(self.modem.serial.transcript)[since:] if exchange.direction == ">"]

    @property
    def mark(self) -> int:
        return len(self.modem.serial.transcript)

    def close(self) -> None:
        super().close()  # first: whoever serves a connection sees its end
        for server in self.servers:
            server.close()


Behaviour = Callable[[socket.socket], None]


class Server:
    """Takes connections one after another, each treated by a function in a thread."""

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join(5)

    @property
    def accepted(self) -> int:
        return len(self._connections)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._treat, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _treat(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._behave(connection)


def echo(connection: socket.socket) -> None:
    while data := connection.recv(4096):
        connection.sendall(data)
