"""Bytes: baud rates, echo, command lines, and a line that does not carry them well."""

import pytest

from .conftest import Desk, lines


def boot(desk: Desk) -> None:
    desk.modem.supply(True)
    desk.world.run_for(1_000)
    desk.press_key()
    desk.heard.clear()
    desk.world.run_for(3_000)


def test_under_autobauding_nothing_is_said_before_the_first_at(desk: Desk) -> None:
    boot(desk)
    assert desk.wait(15_000) == ""
    assert desk.type(b"hello\r") == b""
    assert desk.type(b"AT\r") == b"AT\r\r\nOK\r\n"


def test_autobauding_hears_an_at_that_is_typed_letter_by_letter(desk: Desk) -> None:
    boot(desk)
    assert desk.type(b"xA") == b""
    assert desk.type(b"t") == b"At"
    assert desk.type(b"\r") == b"\r\r\nOK\r\n"


def test_autobauding_wants_both_letters_at_one_rate(desk: Desk) -> None:
    boot(desk)
    for rate in (9600, 115_200, 9600):
        desk.modem.serial.receive(b"A", rate)
        desk.modem.serial.receive(b"TT", 57_600)
    desk.world.run_for(100)
    assert desk.heard == b""
    assert desk.modem.serial.lost_bytes == 9


def test_a_fixed_rate_has_to_be_stored_and_then_rdy_comes(desk: Desk) -> None:
    desk.start()
    assert desk.ask("AT+IPR=115200") == "OK"
    assert desk.ask("AT+IPR?") == "+IPR: 115200|OK"
    desk.modem.cut_power()
    boot(desk)
    assert b"RDY" not in desk.heard
    assert "OK" in desk.ask("ATE0")
    assert desk.ask("AT+IPR=115200;&W") == "OK"
    desk.modem.cut_power()
    boot(desk)
    assert lines(bytes(desk.heard)).startswith("RDY|+CFUN: 1")


def test_a_fixed_rate_hears_no_other(desk: Desk) -> None:
    desk.start()
    assert desk.ask("AT+IPR=9600") == "OK"
    assert desk.type(b"AT\r") == b""
    desk.modem.serial.receive(b"AT\r", 9_600)
    assert desk.wait(100) == "OK"


def test_echo_comes_with_its_carriage_return(ready: Desk) -> None:
    assert ready.ask("ATE1") == "OK"
    assert ready.type(b"AT+CMEE?\r") == b"AT+CMEE?\r\r\n+CMEE: 1\r\n\r\nOK\r\n"
    assert ready.type(b"ATE0\r") == b"ATE0\r\r\nOK\r\n"
    assert ready.type(b"AT\r") == b"\r\nOK\r\n"


def test_short_answers(ready: Desk) -> None:
    assert ready.type(b"ATV0\r") == b"0\r"
    assert ready.type(b"AT+NONSENSE\r") == b"4\r"
    assert ready.type(b"ATV1\r") == b"\r\nOK\r\n"


def test_several_commands_in_a_line_and_the_first_error_ends_it(ready: Desk) -> None:
    assert ready.ask("ATE0+CMEE=1;+CSQ;+CREG?") == "+CSQ: 20,0|+CREG: 0,1|OK"
    assert ready.ask("AT+CSQ;+CIPSTART=x;+CREG?") == "+CSQ: 20,0|+CME ERROR: 3"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("at+csq", "+CSQ: 20,0|OK"),
        ("xxAT", "OK"),
        ("+CSQ", ""),
        ('AT+CSTT="a;b","u,v"', "OK"),
        ('AT+CSTT="open', "ERROR"),
        ("AT?", "ERROR"),
        ("AT+CNMI=9", "+CME ERROR: 3"),
        ("AT" + "x" * 2_000, "OK"),
    ],
)
def test_command_lines(ready: Desk, line: str, answer: str) -> None:
    heard = ready.ask(line)
    assert heard == answer or (len(line) > 600 and "ERROR" in heard)


def test_cr_lf_is_as_good_and_backspace_corrects(ready: Desk) -> None:
    assert ready.type(b"AT\r\nAT\r\n") == b"\r\nOK\r\n\r\nOK\r\n"
    assert lines(ready.type(b"AT+CSX\x08Q\r")) == "+CSQ: 20,0|OK"


def test_unsolicited_codes_come_between_the_lines_of_a_response(ready: Desk) -> None:
    ready.modem.faults.urc_between_lines = 1.0
    ready.modem.faults.urcs = ("RING",)
    assert ready.ask("AT+CSQ") == "RING|+CSQ: 20,0|RING|OK"


def test_pieces_come_in_order_however_slow(ready: Desk) -> None:
    ready.modem.faults.byte_gap_us = 20_000
    assert len(ready.type(b"AT\r", 50)) < len(b"\r\nOK\r\n")
    ready.world.run_for(200)
    assert ready.ask("AT+CSQ;+CREG?") == "+CSQ: 20,0|+CREG: 0,1|OK"
    ready.modem.faults.byte_gap_us = 0
    assert ready.ask("AT") == "OK"


def test_ends_are_cut_off_and_bytes_are_wrong(ready: Desk) -> None:
    ready.modem.faults.partial = 1.0
    assert len(ready.type(b"AT\r")) < len(b"\r\nOK\r\n")
    ready.modem.faults.partial = 0.0
    ready.modem.faults.garbage = 1.0
    answers = {ready.type(b"AT+CSQ\r") for _ in range(5)}
    assert len(answers) == 5


def test_a_frozen_uart_is_cured_by_the_supply_alone(ready: Desk) -> None:
    ready.modem.freeze()
    assert ready.ask("AT") == ""
    ready.press_key(1_600)
    ready.world.run_for(4_000)
    ready.press_key()
    ready.world.run_for(4_000)
    assert ready.ask("AT") == ""
    ready.modem.supply(False)
    ready.modem.supply(True)
    ready.world.run_for(1_000)
    ready.press_key()
    ready.world.run_for(3_000)
    assert "OK" in ready.ask("AT")


def test_a_command_that_is_never_answered_blocks_nothing_else(ready: Desk) -> None:
    ready.modem.faults.silent_commands.append("+CSQ")
    assert ready.ask("AT+CSQ") == ""
    assert ready.ask("AT") == "OK"


def test_what_comes_before_the_prompt_is_lost_and_a_prompt_may_never_come(ready: Desk) -> None:
    assert ready.type(b"AT+CMGS=20\rgone") == b"\r\n> "
    assert lines(ready.type(b"\x1b")) == "OK"
    ready.modem.faults.missing_prompts = 1
    assert ready.type(b"AT+CMGS=20\r") == b""
    assert ready.type(b"AT\r") == b"", "it takes this for data"
    assert lines(ready.type(b"\x1b")) == "OK"
    assert ready.type(b"AT+CMGS=20\r") == b"\r\n> "
