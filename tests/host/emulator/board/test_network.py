"""Wi-Fi as the firmware sees it, and real sockets in virtual time."""

import socket
import threading
from collections.abc import Iterator

import pytest

from emulator.world import World

from .conftest import Start

WAITS_FOR_WIFI = """
    import asyncio, network, time
    async def wifi():
        station = network.WLAN(network.STA_IF)
        station.active(True)
        station.connect("clinic", "secret")
        while not station.isconnected():
            await asyncio.sleep_ms(100)
"""
ASKS = (
    WAITS_FOR_WIFI
    + """
    async def main():
        await wifi()
        before = time.ticks_ms()
        for n in range(3):
            try:
                reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", {port}), 10)
                writer.write(b"ping\\n")
                await writer.drain()
                print(await asyncio.wait_for(reader.readline(), 10))
                writer.close()
                await writer.wait_closed()
            except (OSError, asyncio.TimeoutError) as error:
                print(type(error).__name__)
            print(time.ticks_diff(time.ticks_ms(), before) // 1000)
            await asyncio.sleep(60)
    asyncio.run(main())
"""
)


class Server(threading.Thread):
    """In this process, in another thread: what it computes needs the interpreter lock that the world holds."""

    def __init__(self, answers: bool = True) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answers = answers
        self.kept: list[socket.socket] = []
        self.start()

    def run(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.kept.append(peer)
            if self.answers:
                data = peer.recv(100)
                sum(range(200_000))
                peer.sendall(data.upper())
                peer.close()

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for peer in self.kept:
            peer.close()
        self.join()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


def test_an_answer_takes_no_virtual_time(world: World, start: Start, server: Server) -> None:
    board = start(ASKS.replace("{port}", str(server.port)))
    world.run_for(300_000)
    assert board.crash_log.split() == ["b'PING\\n'", "0", "b'PING\\n'", "60", "b'PING\\n'", "120"]


def test_a_silent_server_times_out_in_virtual_time(world: World, start: Start) -> None:
    silent = Server(answers=False)
    world.network_patience_ms = 20
    board = start(ASKS.replace("{port}", str(silent.port)))
    world.run_for(300_000)
    silent.stop()
    assert board.crash_log.split() == ["TimeoutError", "10", "TimeoutError", "80", "TimeoutError", "150"]


def test_a_closed_port_is_an_error(world: World, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    board = start(ASKS.replace("{port}", str(port)))
    world.run_for(10_000)
    assert board.crash_log.split()[0] in ("OSError", "b''")


def test_without_network_nothing_is_found(world: World, start: Start, server: Server) -> None:
    board = start(ASKS.replace("{port}", str(server.port)))
    world.run_for(30_000)
    board.network.up = False
    world.run_for(60_000)
    board.network.up = True
    world.run_for(60_000)
    assert board.crash_log.split() == ["b'PING\\n'", "0", "OSError", "60", "b'PING\\n'", "120"]


def test_the_station_joins_after_a_while_and_only_with_the_right_key(world: World, start: Start) -> None:
    board = start(
        WAITS_FOR_WIFI
        + """
    async def main():
        print(network.WLAN(network.STA_IF).status())
        await wifi()
        station = network.WLAN(network.STA_IF)
        print(station.status(), station.ifconfig()[0], station.status("rssi") < 0)
    asyncio.run(main())
    """
    )
    board.network.key = "other"
    world.run_for(10_000)
    assert board.crash_log.split() == ["1000"]
    board.network.key = "secret"
    world.run_for(10_000)
    assert board.crash_log.split() == ["1000", "1010", "192.168.4.2", "True"]
    assert board.network.passes
    board.power_off()
    assert not board.network.passes
