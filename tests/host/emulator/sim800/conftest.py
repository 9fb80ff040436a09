"""A modem in virtual time with somebody at its serial port."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from gsm.pdu import encode_submit

from emulator.sim800 import Sim, Sim800
from emulator.world import World

NUMBER = "+8613900000001"
SERVICE = "+8610690001"
HOST = "uplink.example"
PORT = 443


class Desk:
    """Types at the modem and reads what it says. Times are the world's."""

    def __init__(self, world: World, name: str = "modem", sim: Sim | None = None) -> None:
        self.world = world
        self.modem = Sim800(world, name)
        self.modem.sim = sim or Sim(NUMBER)
        self.heard = bytearray()
        self.modem.serial.output = self.heard.extend
        world.phone.smsc.faults.delay_s = (1.0, 2.0)

    def press_key(self, ms: int = 1_200) -> None:
        self.modem.power.key(True)
        self.world.run_for(ms)
        self.modem.power.key(False)

    def start(self, registered: bool = True) -> "Desk":
        """Supply, key, baud rate, no echo, numeric errors; for tests that want to see the SIM being read, before it."""
        self.modem.supply(True)
        self.world.run_for(1_000)
        self.press_key()
        self.world.run_for(2_500)
        assert "OK" in self.ask("ATE0", 50)
        assert "OK" in self.ask("AT+CMEE=1", 50)
        if registered:
            assert self.world.run_until(lambda: self.modem.sms.ready)
        self.heard.clear()
        return self

    def type(self, data: bytes, ms: int = 100) -> bytes:
        """What came since these bytes."""
        self.heard.clear()
        self.modem.serial.receive(data)
        self.world.run_for(ms)
        return bytes(self.heard)

    def ask(self, command: str, ms: int = 2_000) -> str:
        """The lines of the answer, without the empty ones."""
        return lines(self.type(command.encode() + b"\r", ms))

    def wait(self, ms: int) -> str:
        self.heard.clear()
        self.world.run_for(ms)
        return lines(bytes(self.heard))

    def send_sms(self, data: bytes = b"hello", report: bool = False, to: str = SERVICE) -> str:
        answer = ""
        for pdu, length in encode_submit(to, data, 1, report):
            assert self.type(f"AT+CMGS={length}\r".encode()) == b"\r\n> "
            answer = lines(self.type(pdu.hex().encode() + b"\x1a", 5_000))
        return answer

    def attach(self) -> None:
        for command in ("AT+CIPRXGET=1", 'AT+CSTT="internet"', "AT+CIICR"):
            assert self.ask(command) == "OK"
        assert self.ask("AT+CIFSR").count(".") == 3

    def connect(self) -> None:
        self.attach()
        assert self.ask(f'AT+CIPSTART="TCP","{HOST}",{PORT}') == "OK|CONNECT OK"

    def send(self, data: bytes, ms: int = 3_000) -> str:
        assert self.type(f"AT+CIPSEND={len(data)}\r".encode()).endswith(b"> ")
        return lines(self.type(data, ms))


def lines(data: bytes) -> str:
    return "|".join(line for line in data.decode("latin-1").split("\r\n") if line.strip())


class Server(threading.Thread):
    """A real TCP server; one answer for each piece it receives."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        super().__init__(daemon=True)
        self.answer = answer
        self.received = bytearray()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.peers: list[socket.socket] = []
        self.start()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.listener.getsockname()
        return host, port

    def run(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.peers.append(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        while True:
            try:
                data = peer.recv(65_536)
                if not data:
                    return
                self.received += data
                reply = self.answer(data)
                if reply == b"close":
                    peer.shutdown(socket.SHUT_RDWR)
                    return
                peer.sendall(reply)
            except OSError:
                return

    def hang_up(self) -> None:
        for peer in self.peers:
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join()
        for peer in self.peers:
            peer.close()


@pytest.fixture
def world() -> Iterator[World]:
    with World(seed=11) as made:
        yield made


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


@pytest.fixture
def ready(desk: Desk) -> Desk:
    return desk.start()


@pytest.fixture
def serve(world: World) -> Iterator[Callable[[Callable[[bytes], bytes]], Server]]:
    servers: list[Server] = []

    def make(answer: Callable[[bytes], bytes]) -> Server:
        servers.append(Server(answer))
        world.phone.gprs.routes[(HOST, PORT)] = servers[-1].address
        return servers[-1]

    yield make
    for server in servers:
        server.stop()
