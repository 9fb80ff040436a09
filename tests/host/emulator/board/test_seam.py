"""Both halves of the seam use the same numbers, and the board's wiring is the firmware's."""

import ast
from pathlib import Path

import pytest

from emulator import wiring
from emulator.frames import Flag, Op, WifiAsk
from emulator.standins import SOURCES
from tools.flash.build import ROOT

NAMES_OF_OPERATIONS = {f"_{op.name}": op.value for op in Op}
NAMES_IN_NETWORK = {f"_{ask.name}": ask.value for ask in WifiAsk}


def constants(path: Path) -> dict[str, int]:
    """NAME = const(number) of a MicroPython module."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Call)
            and getattr(node.value.func, "id", "") == "const"
            and isinstance(node.value.args[0], ast.Constant)
            and isinstance(node.value.args[0].value, int)
        ):
            found[node.targets[0].id] = node.value.args[0].value
    return found


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.py")), ids=lambda path: path.stem)
def test_operations_have_the_same_numbers_on_both_sides(path: Path) -> None:
    expected = NAMES_OF_OPERATIONS | (NAMES_IN_NETWORK if path.stem in ("network", "_wlan") else {})
    expected |= {"_NETWORK": Flag.NETWORK.value}
    others = {("machine", "_POLL"), ("network", "_NETWORK")}
    found = {name: value for name, value in constants(path).items() if (path.stem, name) not in others}
    assert {name: value for name, value in found.items() if expected.get(name, value) != value} == {}


def test_every_operation_is_used_by_the_board() -> None:
    used = {name for path in SOURCES.glob("*.py") for name in constants(path)}
    assert NAMES_OF_OPERATIONS.keys() - used == set()


def test_the_wiring_is_the_firmwares() -> None:
    board = constants(ROOT / "firmware" / "board.py")
    assert board["READER_SPI"] == wiring.READER_SPI
    assert board["READER_CS"] == wiring.READER_SELECT
    assert board["READER_RESET"] == wiring.READER_RESET
    assert board["READER_IRQ"] == wiring.READER_IRQ
    assert board["SCREEN_I2C"] == wiring.SCREEN_I2C
    assert board["SCREEN_ADDRESS"] == wiring.SCREEN_ADDRESS
    assert board["RELAY"] == wiring.RELAY
    assert board["BUZZER"] == wiring.BUZZER
    assert (board["BUTTON_1"], board["BUTTON_2"]) == wiring.BUTTONS
    assert board["HOST_UART"] == wiring.HOST_UART
    assert board["MODEM_UART"] == wiring.MODEM_UART
    assert board["MODEM_POWER"] == wiring.MODEM_POWER
    assert board["MODEM_POWER_KEY"] == wiring.MODEM_POWER_KEY
    assert board["MODEM_STATUS"] == wiring.MODEM_STATUS
