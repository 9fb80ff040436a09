"""The same board in real time, and its host link as other programs reach it."""

import os
import signal
import socket
from collections.abc import Iterator
from textwrap import dedent

import pytest
import serial

from emulator.device import Board
from emulator.errors import NotInThisMode
from emulator.image import build_image
from emulator.world import World

from .conftest import Start
from .test_uart_and_host import ECHO_SERVER

REPLY_TIMEOUT_S = 20
BLINKER = """
    import asyncio, machine, socket, time
    relay = machine.Pin(25, machine.Pin.OUT, value=0)
    async def blink():
        for _ in range(6):
            await asyncio.sleep_ms(5)
            relay(not relay())
    asyncio.run(blink())
    time.sleep_ms(10)
    print("done")
"""

ASKS_WHERE_IT_IS_TOLD = """
    import asyncio, machine, network
    uart = machine.UART(0, 115200)
    async def ask(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        uart.write(b"heard " + await reader.readline())
        writer.close()
        await writer.wait_closed()
    async def main():
        station = network.WLAN(network.STA_IF)
        station.active(True)
        station.connect("x", "y")
        while not station.isconnected():
            await asyncio.sleep_ms(50)
        uart.write("ready\\n")
        stream = asyncio.StreamReader(uart)
        while True:
            number = int(await stream.readline())
            uart.write("told {}\\n".format(number))
            if number > 1000:
                asyncio.create_task(ask(number))
    asyncio.run(main())
"""


@pytest.fixture
def real_world() -> Iterator[World]:
    with World(seed=7, real_time=True) as made:
        yield made


@pytest.fixture
def board(real_world: World) -> Board:
    made = real_world.board("board", build_image({"main.py": dedent(ECHO_SERVER)}))
    made.power_on()
    assert real_world.run_until(lambda: b"ready" in made.host.noise)
    return made


def ask(port: serial.SerialBase, number: int) -> bytes:
    port.write(b'{"id":%d,"method":"echo","params":{"n":%d}}\n' % (number, number))
    lines = [port.readline(), port.readline()]
    return bytes(lines[1])


def test_calls_work_in_real_time(board: Board) -> None:
    assert board.host.call("echo", a=1) == {"a": 1}


def test_the_clock_runs_by_itself(real_world: World) -> None:
    board = real_world.board("board", build_image({"main.py": dedent(BLINKER)}))
    began_us = real_world.now_us
    board.power_on()
    assert real_world.run_until(lambda: "done" in board.crash_log)
    times = [time_us for time_us, _ in board.relay_log]
    assert len(times) == 6
    assert all(time_us - began_us >= 4000 * number for number, time_us in enumerate(times, 1))  # or late, never early


def test_a_serial_port_over_tcp_with_reconnects(board: Board) -> None:
    url = board.expose_host()
    assert url == board.expose_host()
    for number in range(3):
        port = serial.serial_for_url(url, timeout=REPLY_TIMEOUT_S)
        assert b'"n": %d' % number in ask(port, number)
        port.close()


def test_a_second_user_replaces_the_first(board: Board) -> None:
    url = board.expose_host()
    host, number = url.removeprefix("socket://").split(":")
    with socket.create_connection((host, int(number)), timeout=REPLY_TIMEOUT_S) as first:
        first.sendall(b"\n")
        assert first.recv(1) == b"?"
        second = serial.serial_for_url(url, timeout=REPLY_TIMEOUT_S)
        assert b'"n": 2' in ask(second, 2)
        while first.recv(100):
            pass  # up to the end of what it was sent: it has been cut off
    assert b'"n": 3' in ask(second, 3)
    second.close()


def test_a_pseudo_terminal(board: Board) -> None:
    path = board.expose_pty()
    for number in range(2):
        with serial.Serial(path, 115200, timeout=REPLY_TIMEOUT_S) as port:
            assert b'"n": %d' % number in ask(port, number)


def test_the_port_outlives_a_reset(real_world: World, board: Board) -> None:
    port = serial.serial_for_url(board.expose_host(), timeout=REPLY_TIMEOUT_S)
    assert b'"n": 1' in ask(port, 1)
    board.reset()
    heard = [port.readline() for _ in range(4)]
    assert heard[0].startswith(b"ets ")
    assert heard[-1] == b"ready\n"
    assert b'"n": 2' in ask(port, 2)
    port.close()


def test_a_watchdog_bites_in_real_time(real_world: World) -> None:
    board = real_world.board("board", build_image({"main.py": "import machine; machine.WDT(timeout=50)"}))
    board.power_on()
    assert real_world.run_until(lambda: len(board.resets) > 2)
    assert board.resets[:3] == [1, 3, 3]


def test_only_real_time_has_ports(world: World, start: Start) -> None:
    board = start("pass")
    with pytest.raises(NotInThisMode, match="real time"):
        board.expose_host()


def test_real_sockets_and_the_uart_wake_one_poll(real_world: World) -> None:
    board = real_world.board("board", build_image({"main.py": dedent(ASKS_WHERE_IT_IS_TOLD)}))
    board.power_on()
    assert real_world.run_until(lambda: b"ready" in board.host.noise)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(REPLY_TIMEOUT_S)
        board.host.send(str(listener.getsockname()[1]))
        peer, _ = listener.accept()
        with peer:
            board.host.send("7")  # the UART, while the socket is awaited
            assert real_world.run_until(lambda: b"told 7" in board.host.noise)
            assert b"heard hello" not in board.host.noise
            peer.sendall(b"hello\n")
            assert real_world.run_until(lambda: b"heard hello" in board.host.noise)


def test_a_process_that_dies_is_started_again_by_a_reset(real_world: World) -> None:
    board = real_world.board("board", build_image({"main.py": dedent(ECHO_SERVER)}))
    board.power_on()
    assert real_world.run_until(lambda: b"ready" in board.host.noise)
    os.kill(board.process_id, signal.SIGKILL)
    assert real_world.run_until(lambda: board.halted)
    board.host.noise.clear()
    board.reset()
    assert real_world.run_until(lambda: b"ready" in board.host.noise)
    assert board.host.call("echo", n=4) == {"n": 4}
