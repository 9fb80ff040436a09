"""A lone modem in real time: its port on TCP, its connections to real servers, several in one network."""

from collections.abc import Iterator

import pytest
import serial

from emulator.errors import NotInThisMode
from emulator.sim800 import Sim
from emulator.sim800.lone import LoneModem
from emulator.world import World

from .conftest import HOST, PORT, Server

WAIT_S = 20


@pytest.fixture
def lone() -> Iterator[LoneModem]:
    with LoneModem() as made:
        made.network.gprs.faults.latency_ms = (1, 2)
        made.network.gprs.faults.up_bytes_per_s = made.network.gprs.faults.down_bytes_per_s = 1_000_000
        yield made


@pytest.fixture
def port(lone: LoneModem) -> Iterator[serial.SerialBase]:
    with serial.serial_for_url(lone.url, timeout=WAIT_S) as made:
        made.write(b"ATE0\r")
        assert made.read_until(b"OK\r\n").endswith(b"OK\r\n")
        yield made


def ask(port: serial.SerialBase, command: bytes, end: bytes = b"\r\nOK\r\n") -> bytes:
    port.write(command + b"\r")
    answer: bytes = port.read_until(end)
    assert answer.endswith(end), answer
    return answer


def test_tcp_in_real_time(lone: LoneModem, port: serial.SerialBase) -> None:
    server = Server(lambda data: data.upper() * 4_000)
    lone.network.gprs.routes[(HOST, PORT)] = server.address
    ask(port, b"AT+CIPRXGET=1")
    ask(port, b'AT+CSTT="internet"')
    ask(port, b"AT+CIICR")
    ask(port, b"AT+CIFSR", b"10.72.13.5\r\n")
    ask(port, f'AT+CIPSTART="TCP","{HOST}",{PORT}'.encode(), b"CONNECT OK\r\n")
    ask(port, b"AT+CIPSEND=5", b"> ")
    port.write(b"hello")
    assert port.read_until(b"+CIPRXGET: 1\r\n").startswith(b"\r\nSEND OK\r\n")
    got = b""
    while len(got) < 20_000:
        port.write(b"AT+CIPRXGET=2,1460\r")
        heading = port.read_until(b"\r\n") + port.read_until(b"\r\n")
        while b"CIPRXGET: 2," not in heading:
            heading = port.read_until(b"\r\n")
        got += port.read(int(heading.split(b",")[1]))
        port.read_until(b"OK\r\n")
    assert got == b"HELLO" * 4_000
    server.hang_up()
    assert port.read_until(b"CLOSED\r\n").endswith(b"CLOSED\r\n")
    server.stop()


def test_two_modems_write_to_each_other() -> None:
    with World(real_time=True) as world:
        world.phone.smsc.faults.delay_s = (0.0, 0.01)
        first = LoneModem(Sim("+8613900000001"), world=world)
        second = LoneModem(Sim("+8613900000002"), world=world)
        with serial.serial_for_url(first.url, timeout=WAIT_S) as port:
            ask(port, b"AT+CMGF=1")
            ask(port, b'AT+CMGS="+8613900000002"', b"> ")
            port.write(b"hello\x1a")
            assert b"+CMGS: 1" in port.read_until(b"\r\nOK\r\n")
        sim = second.modem.sim
        assert sim
        assert world.run_until(lambda: bool(sim.places))
        first.close()
        second.close()


def test_virtual_time_has_no_port(world: World) -> None:
    lone = LoneModem(world=world)
    with pytest.raises(NotInThisMode):
        _ = lone.url
    lone.close()
