"""The wiring that people solder is the wiring that the firmware uses and the emulated board has."""

import ast
import re
from pathlib import Path

from emulator import wiring

ROOT = Path(__file__).resolve().parents[3]
ROW = re.compile(r"\| (\d+) \| ([A-Z][A-Z0-9_]+)")


def board_constants() -> dict[str, int]:
    """NAME = const(number) of firmware/board.py."""
    constants = {}
    for node in ast.parse((ROOT / "firmware/board.py").read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            target, number = node.targets[0], ast.literal_eval(node.value.args[0])
            assert isinstance(target, ast.Name)
            constants[target.id] = number
    return constants


def test_the_document_has_the_firmwares_pins() -> None:
    documented = {name: int(pin) for pin, name in ROW.findall((ROOT / "docs/hardware.md").read_text())}
    constants = board_constants()
    assert documented == {name: constants[name] for name in documented}
    assert len(documented) == 17


def test_the_emulated_board_is_wired_the_same() -> None:
    constants = board_constants()
    assert constants["READER_SPI"] == wiring.READER_SPI
    assert constants["READER_CS"] == wiring.READER_SELECT
    assert constants["READER_RESET"] == wiring.READER_RESET
    assert constants["READER_IRQ"] == wiring.READER_IRQ
    assert (constants["SCREEN_I2C"], constants["SCREEN_ADDRESS"]) == (wiring.SCREEN_I2C, wiring.SCREEN_ADDRESS)
    assert (constants["RELAY"], constants["BUZZER"]) == (wiring.RELAY, wiring.BUZZER)
    assert (constants["BUTTON_1"], constants["BUTTON_2"]) == wiring.BUTTONS
    assert (constants["HOST_UART"], constants["MODEM_UART"]) == (wiring.HOST_UART, wiring.MODEM_UART)


def test_no_pin_has_two_jobs() -> None:
    constants = board_constants()
    documented = [constants[name] for _, name in ROW.findall((ROOT / "docs/hardware.md").read_text())]
    assert len(set(documented)) == len(documented)
