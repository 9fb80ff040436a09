"""The modem as a board's firmware has it: pins, a UART with a bounded buffer, a supply shared with the card reader."""

from collections.abc import Callable
from textwrap import dedent

import pytest

from emulator import wiring
from emulator.device import Board
from emulator.image import build_image
from emulator.mfrc522 import registers as reg
from emulator.sim800 import BrownOut, Sim
from emulator.world import World

from .conftest import HOST, NUMBER, PORT, Server

BRING_UP = """
    import time
    from machine import UART, Pin
    uart = UART(1, 115200, tx=17, rx=16, rxbuf={rxbuf}, timeout=0)
    power, key, status = Pin(13, Pin.OUT), Pin(14, Pin.OUT), Pin(34, Pin.IN)
    power.on()
    key.on()
    time.sleep_ms(1200)
    key.off()
    while not status.value():
        time.sleep_ms(50)
    time.sleep_ms(2000)
    def ask(command, ms=500):
        uart.write(command + "\\r")
        time.sleep_ms(ms)
        return uart.read() or b""
    time.sleep_ms(2000)
    ask("AT")
    print(ask("ATE0+CMEE=1;+IPR=115200"))
    time.sleep_ms(8000)
    uart.read()
"""


@pytest.fixture
def board(world: World) -> Callable[..., Board]:
    def make(main: str, rxbuf: int = 2_048) -> Board:
        text = dedent(BRING_UP).replace("{rxbuf}", str(rxbuf)) + dedent(main) + "\nprint('end')\n"
        made = world.board("board", build_image({"main.py": text}))
        made.modem.sim = Sim(NUMBER)
        made.power_on()
        return made

    return make


def finished(board: Board) -> list[str]:
    """What it printed."""
    assert board.world.run_until(lambda: "end\n" in board.crash_log), board.crash_log
    return board.crash_log.splitlines()[:-1]


def test_the_firmware_switches_it_on_and_talks(board: Callable[..., Board]) -> None:
    made = board("print(ask('AT+CREG?'), status.value())\npower.off()\ntime.sleep_ms(10)\nprint(status.value())")
    assert finished(made) == [
        "b'ATE0+CMEE=1;+IPR=115200\\r\\r\\nOK\\r\\n'",
        "b'\\r\\n+CREG: 0,1\\r\\n\\r\\nOK\\r\\n' 1",
        "0",
    ]


def test_what_overflows_256_bytes_is_gone(board: Callable[..., Board], world: World) -> None:
    for number in range(4):
        world.phone.smsc.send("+8610690001", NUMBER, bytes([number]) * 140)
    made = board("time.sleep_ms(8000)\nuart.read()\nprint(len(ask('AT+CMGL=4', 3000)))", rxbuf=256)
    assert finished(made)[-1] == "256"
    assert made.uarts[wiring.MODEM_UART].dropped_bytes > 1_000


def test_a_board_that_starts_anew_takes_the_supply_away(board: Callable[..., Board]) -> None:
    made = board("import machine\ntime.sleep_ms(1000)\nmachine.reset()")
    starts = made.modem.power.starts
    assert made.world.run_until(lambda: made.starts == 2)
    made.world.run_for(50)
    assert (starts, made.modem.power.running, made.modem.power.supply) == (0, False, False)


def test_a_brown_out_can_take_the_card_reader_along(board: Callable[..., Board]) -> None:
    made = board(
        "time.sleep_ms(500)\nprint(ask('AT+CGATT=1', 3000))\nask('AT+CFUN=0')\nask('AT+CFUN=1')\ntime.sleep(9)"
    )
    assert made.world.run_until(lambda: made.modem.sms.ready)
    made.reader.transfer(bytes([reg.TX_CONTROL << 1, 0x83]))
    made.modem.faults.brown_out = BrownOut(reader="dip")
    finished(made)
    assert made.modem.brown_outs == 1
    assert not made.modem.power.running
    assert made.reader.registers[reg.TX_CONTROL] == 0x80, "back to its reset value"


def test_a_dead_reader_needs_its_reset(board: Callable[..., Board]) -> None:
    made = board("ask('AT+CFUN=0')\nask('AT+CFUN=1')\ntime.sleep(9)")
    assert made.world.run_until(lambda: made.modem.sms.ready)
    made.modem.faults.brown_out = BrownOut(dies=False, reader="dead")
    finished(made)
    assert made.reader.transfer(bytes([0x80 | reg.VERSION << 1, 0])) == b"\0\0"
    made.reader.reset_pin(False)
    made.reader.reset_pin(True)
    made.world.run_for(5)
    assert made.reader.transfer(bytes([0x80 | reg.VERSION << 1, 0]))[1] == 0x92


def test_the_wrong_rate_is_noise(board: Callable[..., Board]) -> None:
    made = board("ask('AT+IPR=9600')\nprint(ask('AT+CSQ'))\nuart.init(9600)\nprint(ask('AT+CSQ'))")
    log = finished(made)
    assert log[-2:] == ["b''", "b'\\r\\n+CSQ: 20,0\\r\\n\\r\\nOK\\r\\n'"]


def test_a_real_server_answers_in_no_virtual_time(board: Callable[..., Board], world: World) -> None:
    server = Server(lambda data: b"<" + data.upper() + b">")
    world.phone.gprs.routes[(HOST, PORT)] = server.address
    made = board(
        f"""
        for command in ('+CIPRXGET=1', '+CSTT="internet"', '+CIICR', '+CIFSR'):
            ask('AT' + command, 2000)
        print(ask('AT+CIPSTART="TCP","{HOST}",{PORT}', 3000)[-14:])
        print(ask('AT+CIPSEND=5'))
        print(ask('hello', 2000))
        print(ask('AT+CIPRXGET=2,1460'))
        """
    )
    assert finished(made)[1:] == [
        "b'\\r\\nCONNECT OK\\r\\n'",
        "b'\\r\\n> '",
        "b'\\r\\nSEND OK\\r\\n\\r\\n+CIPRXGET: 1\\r\\n'",
        "b'\\r\\n+CIPRXGET: 2,7,0\\r\\n<HELLO>\\r\\nOK\\r\\n'",
    ]
    server.stop()
