"""The UART is a line of bytes: 115200 baud, a bounded buffer, and whatever comes is only bytes."""

import pytest

from emulator.device import Board
from emulator.errors import HostError, HostGone
from emulator.world import World

from .conftest import Start

ECHO_SERVER = """
    import asyncio, json, machine
    uart = machine.UART(0, 115200, rxbuf=512)
    uart.write("ready\\n")
    async def main():
        stream = asyncio.StreamReader(uart)
        while True:
            line = await stream.readline()
            try:
                message = json.loads(line.split(b"*")[0])
                method, number, params = message["method"], message["id"], message["params"]
            except (ValueError, KeyError, TypeError):
                uart.write("?\\n")
                continue
            answer = {"jsonrpc": "2.0", "id": number}
            if method == "refuse":
                answer["error"] = {"code": -32000, "message": "no", "data": {"reason": "used", "batch": 3}}
            elif method == "die":
                machine.reset()
            elif method != "silent":
                uart.write(json.dumps({"jsonrpc": "2.0", "method": "seen", "params": params}) + "\\n")
                answer["result"] = params
            if method != "silent":
                uart.write(json.dumps(answer) + "\\n")
    asyncio.run(main())
"""


@pytest.fixture
def board(world: World, start: Start) -> Board:
    made = start(ECHO_SERVER)
    world.run_for(350)
    return made


def test_a_call_is_answered_and_notifications_are_kept(board: Board) -> None:
    assert board.host.call("echo", a=1, b=["x"]) == {"a": 1, "b": ["x"]}
    assert [message["params"] for message in board.host.take_notifications("seen")] == [{"a": 1, "b": ["x"]}]
    assert board.host.notifications == []


def test_a_refusal_is_an_error_with_its_reason(board: Board) -> None:
    with pytest.raises(HostError) as caught:
        board.host.call("refuse")
    assert (caught.value.reason, caught.value.code) == ("used", -32000)
    assert caught.value.data["batch"] == 3


def test_silence_reset_and_power_loss_are_told(world: World, board: Board) -> None:
    with pytest.raises(HostGone, match="no_answer"):
        board.host.call("silent", 500)
    with pytest.raises(HostGone, match="link_lost"):
        board.host.call("die")
    world.run_for(400)
    world.at(5, board.power_off)
    with pytest.raises(HostGone, match="link_lost"):
        board.host.call("silent")


def test_garbage_on_the_line_is_only_bytes(world: World, board: Board) -> None:
    noise = world.random("noise").randbytes(3000)
    for position in range(0, len(noise), 100):
        board.host.send_bytes(noise[position : position + 100])
        world.run_for(20)
    board.host.send("")
    world.run_for(20)
    assert board.host.call("echo", n=1) == {"n": 1}
    assert "Traceback" not in board.crash_log


def test_garbage_from_the_board_is_noise(world: World, start: Start) -> None:
    board = start(
        """
        import machine, os
        uart = machine.UART(0, 115200)
        for _ in range(300):
            uart.write(os.urandom(100))
        uart.write('\\n{"jsonrpc":"2.0","method":"alive","params":{}}\\n')
    """,
        name="noisy",
    )
    world.run_for(10_000)
    assert [message["method"] for message in board.host.notifications] == ["alive"]
    assert board.host.noise


def test_the_boot_message_comes_first_as_on_the_chip(board: Board) -> None:
    assert board.host.noise[0].startswith(b"ets ")
    assert b"POWERON_RESET" in board.host.noise[1]


def test_bytes_take_their_time(world: World, start: Start) -> None:
    board = start(
        """
        import machine, time
        uart = machine.UART(0, 115200, txbuf=256)
        before = time.ticks_us()
        uart.write(bytes(200))
        print(time.ticks_diff(time.ticks_us(), before) // 1000)
        uart.write(bytes(800))
        print(time.ticks_diff(time.ticks_us(), before) // 1000)
        uart.flush()
        print(time.ticks_diff(time.ticks_us(), before) // 1000)
    """,
        name="writer",
    )
    world.run_for(1000)
    assert board.crash_log.split() == ["0", "63", "86"]


def test_what_overflows_the_receive_buffer_is_dropped(world: World, start: Start) -> None:
    board = start(
        """
        import machine, time
        uart = machine.UART(0, 115200, rxbuf=256)
        time.sleep_ms(500)
        print(uart.any(), len(uart.read()), uart.read())
    """,
        name="deaf",
    )
    world.run_for(320)
    board.host.send_bytes(bytes(1000))
    world.run_for(1000)
    assert board.crash_log.split() == ["256", "256", "None"]
    assert board.uarts[0].dropped_bytes == 744


def test_a_line_is_read_whole_or_as_far_as_it_came(world: World, start: Start) -> None:
    board = start(
        """
        import machine, time
        uart = machine.UART(0, 115200, timeout=300)
        print(uart.readline(), uart.readline(), uart.readline())
        buffer = bytearray(4)
        print(uart.readinto(buffer), buffer)
    """,
        name="reader",
    )
    world.run_for(310)
    board.host.send_bytes(b"one\ntw")
    world.run_for(400)
    board.host.send_bytes(b"abcdef")
    world.run_for(1000)
    assert board.crash_log.splitlines() == ["b'one\\n' b'tw' None", "4 bytearray(b'abcd')"]


def test_a_byte_sent_to_a_board_without_power_is_gone(world: World, board: Board) -> None:
    board.power_off()
    board.host.send_bytes(b"lost")
    world.run_for(100)
    board.power_on()
    world.run_for(400)
    assert board.host.call("echo", n=2) == {"n": 2}
