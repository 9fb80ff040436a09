"""TCP over the modem: states, the toolkit's rules, real sockets in virtual time, and the radio's faults."""

import time
from collections.abc import Callable

import pytest

from emulator.sim800 import BrownOut, Sim
from emulator.world import World

from .conftest import HOST, NUMBER, PORT, Desk, Server, lines

Serve = Callable[[Callable[[bytes], bytes]], Server]


def upper(data: bytes) -> bytes:
    return data.upper()


def silence(data: bytes) -> bytes:
    return b""


def test_states_come_in_order(ready: Desk, serve: Serve) -> None:
    serve(upper)
    states = []
    for command in ("AT", 'AT+CSTT="internet"', "AT+CIICR", "AT+CIFSR", f'AT+CIPSTART="TCP","{HOST}","{PORT}"'):
        ready.ask(command)
        states.append(ready.ask("AT+CIPSTATUS").removeprefix("OK|STATE: "))
    assert states == ["IP INITIAL", "IP START", "IP GPRSACT", "IP STATUS", "CONNECT OK"]
    assert ready.ask("AT+CIPCLOSE") == "CLOSE OK"
    assert ready.ask("AT+CIPSTATUS") == "OK|STATE: TCP CLOSED"
    assert ready.ask("AT+CIPSHUT") == "SHUT OK"


def test_out_of_order_is_an_error(ready: Desk, serve: Serve) -> None:
    serve(upper)
    for command in ("AT+CIICR", "AT+CIFSR", "AT+CIPSEND=5", "AT+CIPCLOSE", "AT+CIPRXGET=2,100"):
        assert ready.ask(command) == "+CME ERROR: 3"
    ready.connect()
    assert ready.ask(f'AT+CIPSTART="TCP","{HOST}",{PORT}') == "ALREADY CONNECT"
    assert ready.ask("AT+CIPRXGET=0") == "+CME ERROR: 3", "to be chosen before connecting"
    assert ready.ask("AT+CIPSEND=1461") == "+CME ERROR: 3"


def test_data_waits_until_it_is_fetched(ready: Desk, serve: Serve) -> None:
    serve(lambda data: data.upper() * 400)
    ready.connect()
    assert ready.send(b"hello") == "SEND OK|+CIPRXGET: 1"
    assert ready.ask("AT+CIPRXGET=4") == "+CIPRXGET: 4,2000|OK"
    assert ready.ask("AT+CIPRXGET=2,5") == "+CIPRXGET: 2,5,1995|HELLO|OK"
    assert ready.ask("AT+CIPRXGET=3,5") == "+CIPRXGET: 3,5,1990|48454C4C4F|OK"
    assert ready.type(b"AT+CIPRXGET=2,1460\r", 2_000).startswith(b"\r\n+CIPRXGET: 2,1460,530\r\nHELLO")
    assert ready.ask("AT+CIPRXGET=2,1460").startswith("+CIPRXGET: 2,530,0|")
    assert ready.ask("AT+CIPRXGET=2,1460") == "+CIPRXGET: 2,0,0|OK"
    assert ready.send(b"more") == "SEND OK|+CIPRXGET: 1", "told again"


def test_without_manual_mode_data_comes_by_itself(ready: Desk, serve: Serve) -> None:
    serve(upper)
    for command in ('AT+CSTT="internet"', "AT+CIICR", "AT+CIFSR", "AT+CIPHEAD=1"):
        ready.ask(command)
    ready.ask(f'AT+CIPSTART="TCP","{HOST}",{PORT}')
    assert ready.send(b"hello") == "SEND OK|+IPD,5:HELLO"


def test_data_up_to_ctrl_z_and_a_change_of_mind(ready: Desk, serve: Serve) -> None:
    server = serve(upper)
    ready.connect()
    assert ready.type(b"AT+CIPSEND\r") == b"\r\n> "
    assert lines(ready.type(b"typed\x1a", 2_000)) == "SEND OK|+CIPRXGET: 1"
    ready.type(b"AT+CIPSEND\r")
    assert lines(ready.type(b"no\x1b", 2_000)) == "OK"
    assert bytes(server.received) == b"typed"


def test_quick_sending_says_accept_only(ready: Desk, serve: Serve) -> None:
    serve(silence)
    ready.connect()
    ready.ask("AT+CIPQSEND=1")
    assert ready.send(b"hello") == "DATA ACCEPT:5"
    assert ready.ask("AT+CIPACK") == "+CIPACK: 5,5,0|OK"


def test_the_way_up_and_down_takes_its_time(ready: Desk, serve: Serve) -> None:
    serve(lambda data: b"y" * 5_000)
    ready.connect()
    start_us = ready.world.now_us
    ready.type(b"AT+CIPSEND=1460\r", 10)
    ready.heard.clear()
    ready.modem.serial.receive(b"x" * 1_460)
    assert ready.world.run_until(lambda: b"SEND OK" in ready.heard)
    assert 480_000 < ready.world.now_us - start_us < 560_000
    assert ready.world.run_until(lambda: len(ready.modem.tcp._buffer) == 5_000)
    assert 2_000_000 < ready.world.now_us - start_us < 2_800_000


def test_chunks_arrive_in_order_whatever_their_latency(ready: Desk, serve: Serve) -> None:
    chunks = [f"<{number:05}>".encode() for number in range(40)]
    whole = b"".join(chunks)
    server = serve(lambda data: b"all" if data.endswith(chunks[-1]) else b"")
    ready.connect()
    ready.world.phone.gprs.faults.latency_ms = (1, 2_000)
    for chunk in chunks[:-1]:
        assert ready.send(chunk, 20) == "SEND OK"
    assert ready.send(chunks[-1], 10_000).endswith("+CIPRXGET: 1")
    assert bytes(server.received) == whole


def test_the_same_seed_gives_the_same_run(serve: Serve, world: World) -> None:
    server = serve(lambda data: data.upper() * 30)
    runs = []
    for _ in range(2):
        with World(seed=5) as other:
            other.phone.gprs.routes[(HOST, PORT)] = server.address
            desk = Desk(other).start()
            desk.connect()
            desk.send(b"one", 5_000)
            desk.ask("AT+CIPRXGET=2,1460")
            desk.send(b"two" * 100, 5_000)
            runs.append([tuple(exchange) for exchange in desk.modem.serial.transcript])
    assert runs[0] == runs[1]


def test_a_silent_real_peer_costs_the_worlds_patience_once(ready: Desk, serve: Serve) -> None:
    serve(silence)
    ready.world.network_patience_ms = 50
    ready.connect()
    begun = time.monotonic()
    assert ready.send(b"hello", 120_000) == "SEND OK"
    assert time.monotonic() - begun < 10


def test_the_peer_closes_and_what_it_said_can_still_be_read(ready: Desk, serve: Serve) -> None:
    server = serve(upper)
    ready.connect()
    ready.send(b"bye")
    server.hang_up()
    assert ready.wait(5_000) == "CLOSED"
    assert ready.ask("AT+CIPRXGET=2,100") == "+CIPRXGET: 2,3,0|BYE|OK"
    assert ready.ask("AT+CIPRXGET=2,100") == "+CME ERROR: 3"
    assert ready.ask(f'AT+CIPSTART="TCP","{HOST}",{PORT}') == "OK|CONNECT OK"


def test_a_power_cut_inside_a_send_answers_nothing_later(ready: Desk, serve: Serve) -> None:
    serve(upper)
    ready.world.phone.gprs.faults.up_bytes_per_s = 100
    ready.connect()
    ready.type(b"AT+CIPSEND=1000\r")
    ready.type(b"x" * 1_000)
    ready.modem.cut_power()
    ready.start(registered=False)
    ready.modem.faults.silent_commands.append("+CSQ")
    assert ready.wait(30_000) == "+CPIN: READY|Call Ready|SMS Ready"


def test_nobody_there(ready: Desk) -> None:
    ready.attach()
    assert ready.ask('AT+CIPSTART="TCP","nowhere.example",80') == "OK|STATE: TCP CLOSED|CONNECT FAIL"
    assert ready.ask('AT+CDNSGIP="nowhere.example"') == "OK|+CDNSGIP: 0,8"


def test_a_wrong_apn_and_a_network_that_refuses(ready: Desk) -> None:
    assert ready.ask('AT+CSTT="other"') == "OK"
    assert ready.ask("AT+CIICR") == "ERROR"
    assert ready.ask("AT+CIPSTATUS") == "OK|STATE: PDP DEACT"
    assert ready.ask("AT+CIPSHUT") == "SHUT OK"
    ready.world.phone.gprs.faults.refuse_attach = True
    assert ready.ask('AT+CSTT="internet"') == "OK"
    assert ready.ask("AT+CIICR") == "ERROR"
    assert ready.ask("AT+CGATT=1") == "+CME ERROR: 3"


@pytest.mark.parametrize("name", ["internet", "INTERNET", "Internet"])
def test_an_access_points_name_knows_no_case(ready: Desk, name: str) -> None:
    assert ready.ask("AT+CGPADDR=1") == '+CGPADDR: 1,"0.0.0.0"|OK'
    assert ready.ask(f'AT+CSTT="{name}"') == "OK"
    assert ready.ask("AT+CSTT?") == f'+CSTT: "{name}","",""|OK'
    assert ready.ask("AT+CIICR") == "OK"
    assert ready.ask("AT+CGPADDR") == f'+CGPADDR: 1,"{ready.ask("AT+CIFSR")}"|OK'


def test_after_deact_only_cipshut_leads_on(ready: Desk, serve: Serve) -> None:
    serve(upper)
    ready.connect()
    ready.world.phone.gprs.deact_at(500)
    assert ready.wait(1_000) == "+PDP: DEACT"
    assert ready.ask("AT+CIPSEND=5") == "+CME ERROR: 3"
    assert ready.ask(f'AT+CIPSTART="TCP","{HOST}",{PORT}') == "+CME ERROR: 3"
    assert ready.ask('AT+CSTT="internet"') == "+CME ERROR: 3"
    assert ready.ask("AT+CIPSHUT") == "SHUT OK"
    ready.connect()
    assert ready.send(b"again").startswith("SEND OK")


def test_deact_inside_the_data_of_a_send(ready: Desk, serve: Serve) -> None:
    server = serve(upper)
    ready.connect()
    ready.type(b"AT+CIPSEND=10\r")
    ready.type(b"12345")
    ready.world.phone.gprs.deact()
    assert lines(ready.type(b"67890", 2_000)) == "SEND FAIL"
    assert bytes(server.received) == b""


def test_coverage_that_goes_takes_the_context_along(ready: Desk, serve: Serve) -> None:
    serve(upper)
    ready.connect()
    ready.heard.clear()
    ready.world.phone.cells.covered = False
    assert lines(bytes(ready.heard)) == "+PDP: DEACT"
    assert ready.ask("AT+CGATT?") == "+CGATT: 0|OK"


def test_a_dead_peer_is_noticed_after_645_seconds(ready: Desk, serve: Serve) -> None:
    serve(upper)
    ready.world.phone.gprs.faults.silent_peer = True
    ready.connect()
    assert ready.send(b"hello") == "SEND OK"
    assert ready.wait(630_000) == ""
    assert ready.wait(20_000) == "CLOSED"


def test_send_ok_and_nothing_sent(ready: Desk, serve: Serve) -> None:
    server = serve(upper)
    ready.connect()
    ready.modem.faults.swallowed_sends = 1
    assert ready.send(b"gone") == "SEND OK"
    assert ready.send(b"there") == "SEND OK|+CIPRXGET: 1"
    ready.modem.faults.failed_sends = 1
    assert ready.send(b"failed") == "SEND FAIL"
    assert bytes(server.received) == b"there"


def test_a_lossy_network_ends_connections(ready: Desk, serve: Serve) -> None:
    serve(upper)
    ready.world.phone.gprs.faults.loss = 1.0
    ready.connect()
    assert ready.send(b"hello", 700_000) == "SEND OK|CLOSED"


def test_codes_inside_data_spoil_it(ready: Desk, serve: Serve) -> None:
    serve(lambda data: b"x" * 100)
    ready.connect()
    ready.send(b"hello")
    ready.modem.faults.urc_inside_data = 1.0
    ready.modem.faults.urcs = ("RING",)
    answer = ready.type(b"AT+CIPRXGET=2,100\r")
    assert b"+CIPRXGET: 2,100,0" in answer
    assert b"x\r\nRING\r\nx" in answer


def test_more_than_the_window_comes_in_turn(ready: Desk, serve: Serve) -> None:
    serve(lambda data: bytes(range(256)) * 128)
    ready.connect()
    ready.send(b"hello")
    got = b""
    for _ in range(60):
        answer = ready.type(b"AT+CIPRXGET=2,1460\r", 400)
        start = answer.index(b"+CIPRXGET: 2,")
        heading, rest = answer[start:].split(b"\r\n", 1)
        got += rest[: int(heading.split(b",")[1])]
    assert got == bytes(range(256)) * 128


def test_a_brown_out_inside_a_transfer(ready: Desk, serve: Serve) -> None:
    server = serve(upper)
    ready.connect()
    ready.modem.faults.brown_out = BrownOut()
    assert "WARNNING" in ready.send(b"hello" * 200)
    assert not ready.modem.power.running
    ready.world.run_for(30_000)
    assert len(server.received) in (0, 1_000)
    ready.start()
    assert ready.ask("AT+CIPSTATUS") == "OK|STATE: IP INITIAL"


@pytest.mark.parametrize("command", ["AT+CIPMUX=1", 'AT+CIPSTART="UDP","h",1', 'AT+CIPSTART="TCP","h",0'])
def test_what_this_modem_does_not_do(ready: Desk, command: str) -> None:
    assert ready.ask(command) == "+CME ERROR: 3"


def test_two_modems_in_one_network(world: World, ready: Desk) -> None:
    sim = Sim("+8613900000002")
    other = Desk(world, "other", sim).start()
    assert ready.send_sms(b"to you", to=sim.number) == "+CMGS: 1|OK"
    assert other.wait(5_000) == '+CMTI: "SM",1'
    assert NUMBER in other.ask("AT+CMGF=1;+CMGR=1")
