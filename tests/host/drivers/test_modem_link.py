"""GPRS and the TCP stream, with everything that goes wrong on them."""

import socket

import pytest

from emulator.sim800.faults import BrownOut
from tests.host.drivers.modem_bench import HOST, Behaviour, ModemBench, echo

PATTERN = bytes(place % 251 for place in range(20_000))


def pours(count: int, then_close: bool = False) -> Behaviour:
    """Once asked, a server sends so much at once, and then closes or stays."""

    def behave(connection: socket.socket) -> None:
        connection.recv(1)
        connection.sendall(PATTERN[:count])
        if then_close:
            connection.shutdown(socket.SHUT_WR)
        connection.recv(1)

    return behave


def poured(modem: ModemBench) -> None:
    """Asked, and everything has arrived at the modem."""
    assert modem.call("send", data="00") == 1
    modem.world.run_for(5000)


def echoed(modem: ModemBench, count: int) -> None:
    assert modem.call("send_pattern", count=count) == count
    assert modem.call("read_pattern", count=count) == [count, 0, "all"]


def begin_anew(modem: ModemBench, port: int) -> None:
    """As the driver's user does it after an error."""
    modem.call("start")
    modem.call("attach")
    modem.call("connect", host=HOST, port=port)


def test_data_both_ways_in_the_sizes_that_the_modem_takes(modem: ModemBench) -> None:
    modem.online()
    mark = modem.mark
    echoed(modem, 5000)
    sizes = [int(line[11:-1]) for line in modem.said(mark) if line.startswith(b"AT+CIPSEND=")]
    assert sum(sizes) == 5000
    assert max(sizes) <= 1460
    assert b"AT+CIPRXGET=1\r" in modem.said()  # before connecting


def test_what_remains_in_the_modem_is_fetched_without_being_told_again(modem: ModemBench) -> None:
    modem.online(pours(6000))
    mark = modem.mark
    poured(modem)
    assert modem.call("read_pattern", count=6000) == [6000, 0, "all"]
    told = [exchange for exchange in list(modem.modem.serial.transcript)[mark:] if b"+CIPRXGET: 1" in exchange.data]
    fetched = [line for line in modem.said(mark) if line.startswith(b"AT+CIPRXGET=2")]
    assert len(told) < len(fetched)


def test_urcs_inside_data_and_inside_responses(modem: ModemBench) -> None:
    modem.online()
    modem.modem.faults.urc_inside_data = 0.7
    modem.modem.faults.urc_between_lines = 0.5
    for _ in range(3):
        echoed(modem, 2000)


def test_slow_bytes_in_pieces(modem: ModemBench) -> None:
    modem.online()
    modem.modem.faults.byte_gap_us = 300
    echoed(modem, 1500)


def test_the_far_end_closes_and_all_it_said_can_still_be_read(modem: ModemBench) -> None:
    modem.online(pours(1500, then_close=True))
    poured(modem)
    assert "CLOSED" in modem.call("state")["urcs"]
    assert modem.call("read_pattern", count=9999) == [1500, 0, 0]
    assert modem.call("send", data="00") == -104


def test_deact_makes_the_shut_mandatory(modem: ModemBench) -> None:
    server = modem.online()
    echoed(modem, 100)
    modem.phone.gprs.deact()
    modem.world.run_for(200)
    assert modem.call("read_pattern", count=1)[2] == -104
    assert modem.error("connect", host=HOST, port=server.port) == "LinkLost"
    mark = modem.mark
    begin_anew(modem, server.port)
    said = modem.said(mark)
    assert said.index(b"AT+CIPSHUT\r") < said.index(b"AT+CIICR\r")
    echoed(modem, 100)
    assert modem.call("state")["restarts"] == 0


@pytest.mark.parametrize("at_ms", [5, 20, 60, 130])
def test_deact_while_sending(modem: ModemBench, at_ms: int) -> None:
    server = modem.online()
    modem.phone.gprs.deact_at(at_ms)
    assert modem.error("send_pattern", count=1400) == "LinkLost"
    begin_anew(modem, server.port)
    echoed(modem, 500)


def test_deact_while_connecting_is_noticed_at_once(modem: ModemBench) -> None:
    server = modem.online()
    modem.call("close")
    modem.modem.timings.connect = 30_000
    modem.phone.gprs.deact_at(3000)
    before_us = modem.world.now_us
    assert modem.error("connect", host=HOST, port=server.port) == "LinkLost"
    assert modem.world.now_us - before_us < 5_000_000
    modem.modem.timings.connect = 300
    begin_anew(modem, server.port)
    echoed(modem, 100)


def test_a_missing_prompt_loses_the_connection_not_the_modem(modem: ModemBench) -> None:
    """The modem waits for data that nobody may send as a command: it is filled up, and shut."""
    server = modem.online()
    modem.modem.faults.missing_prompts = 1
    assert modem.error("send_pattern", count=700) == "LinkLost"
    begin_anew(modem, server.port)
    echoed(modem, 700)
    assert modem.call("state")["restarts"] == 0


def test_send_fail(modem: ModemBench) -> None:
    server = modem.online()
    modem.modem.faults.failed_sends = 1
    assert modem.error("send_pattern", count=50) == "LinkLost"
    begin_anew(modem, server.port)
    echoed(modem, 50)


def test_accepted_is_not_delivered(modem: ModemBench) -> None:
    modem.online()
    modem.modem.faults.swallowed_sends = 1
    assert modem.call("send_pattern", count=50) == 50
    assert modem.call("read_pattern", count=50, timeout_ms=30_000) == [0, 0, "timeout"]


def test_a_dead_peer_costs_the_caller_s_patience_and_no_more(modem: ModemBench) -> None:
    modem.phone.gprs.faults.silent_peer = True
    server = modem.online()
    assert modem.call("send_pattern", count=50) == 50
    before_us = modem.world.now_us
    assert modem.call("read_pattern", count=50, timeout_ms=20_000) == [0, 0, "timeout"]
    assert modem.world.now_us - before_us < 30_000_000
    modem.call("close")
    modem.phone.gprs.faults.silent_peer = False
    modem.call("connect", host=HOST, port=server.port)
    echoed(modem, 50)


def test_nobody_listens(modem: ModemBench) -> None:
    modem.ready()
    modem.call("attach")
    assert modem.error("connect", host=HOST, port=1) == "ConnectFailed"
    assert modem.error("connect", host=HOST, port=1) == "ConnectFailed"
    assert modem.error("connect", host=HOST, port=1) == "LinkLost"  # the bearer may stand in name only
    for _ in range(4):
        modem.call("attach")
        assert modem.error("connect", host=HOST, port=1) == "ConnectFailed"
    assert modem.call("state")["restarts"] == 0  # a server that is down is no reason to restart the modem


def test_texts_that_would_be_other_commands(modem: ModemBench) -> None:
    modem.ready()
    mark = modem.mark
    for apn in ('x","y', "x\r\nAT+CPOWD=1", "x" * 65):
        assert modem.error("attach", apn=apn) == "ConnectFailed"
    assert modem.said(mark) == []


def test_the_ladder(modem: ModemBench) -> None:
    """GPRS that is refused: begin anew twice, then the modem's own restart, then its power; each call is one rung."""
    modem.ready()
    modem.phone.gprs.faults.refuse_attach = True
    seen = []
    for _ in range(5):
        mark = modem.mark
        assert modem.error("attach") == "LinkLost"
        soft = b"AT+CFUN=1,1\r" in modem.said(mark)
        seen.append((soft, modem.modem.power.starts))
    # CFUN=1,1 is a start of the processor, too.
    assert seen == [(False, 1), (False, 1), (True, 2), (False, 3), (False, 3)]
    modem.phone.gprs.faults.refuse_attach = False
    begin_anew(modem, modem.serve(echo).port)
    echoed(modem, 1)
    assert modem.call("state")["failures"] == 0


def test_a_wrong_apn(modem: ModemBench) -> None:
    modem.ready()
    assert modem.error("attach", apn="nonsense") == "LinkLost"
    modem.call("attach", apn="internet")


def test_no_coverage(modem: ModemBench) -> None:
    modem.ready()
    modem.phone.cells.covered = False
    assert modem.error("attach") == "NotRegistered"
    modem.phone.cells.covered = True
    modem.call("start")
    modem.call("attach")


def test_a_uart_that_freezes_in_the_middle(modem: ModemBench) -> None:
    server = modem.online()
    modem.modem.freeze()
    assert modem.error("send_pattern", count=100) == "LinkLost"
    assert modem.error("attach") == "ModemSilent"
    modem.call("attach")  # with a power cycle first
    modem.call("connect", host=HOST, port=server.port)
    echoed(modem, 100)
    assert modem.call("state")["restarts"] == 1


def test_the_supply_breaks_down_under_a_burst(modem: ModemBench) -> None:
    server = modem.online()
    modem.modem.faults.brown_out = BrownOut(1)
    assert modem.error("send_pattern", count=1400) == "LinkLost"
    begin_anew(modem, server.port)
    echoed(modem, 100)
    found = modem.call("state")
    assert (found["brownouts"], found["restarts"]) == (1, 1)


def test_the_supply_is_cut_without_a_word(modem: ModemBench) -> None:
    server = modem.online()
    modem.modem.cut_power()
    assert modem.error("send_pattern", count=100) == "LinkLost"
    begin_anew(modem, server.port)
    echoed(modem, 100)


def test_a_blocked_loop_loses_nothing_with_the_buffer_that_it_has(modem: ModemBench) -> None:
    modem.online(pours(3000))
    poured(modem)
    assert modem.call("read_while_blocked", count=3000, blocked_ms=400) == [3000, 0, "all"]
    assert modem.board.uarts[1].dropped_bytes == 0


def test_bytes_lost_in_the_uart_s_buffer_lose_the_connection_and_never_pass_for_data(modem: ModemBench) -> None:
    server = modem.online(pours(3000))
    poured(modem)
    modem.call("small_buffer", count=256)
    assert modem.error("read_while_blocked", count=3000, blocked_ms=400) == "LinkLost"
    assert modem.board.uarts[1].dropped_bytes > 0
    modem.call("small_buffer", count=2048)
    begin_anew(modem, server.port)
    poured(modem)
    assert modem.call("read_pattern", count=3000) == [3000, 0, "all"]


@pytest.mark.parametrize("after_ms", [30, 400, 720, 1300, 1900])
def test_a_caller_that_gives_up_leaves_nothing_behind(modem: ModemBench, after_ms: int) -> None:
    """Cancelled at any point of attaching and connecting; what the modem says later answers nobody's question."""
    server = modem.serve(echo)
    modem.ready()
    assert modem.error("impatient", action="attach", timeout_ms=after_ms, params={}) == "timeout"
    begin_anew(modem, server.port)
    assert modem.call("refresh")["signal"] == -73
    echoed(modem, 100)


def test_a_caller_that_gives_up_in_the_middle_of_data(modem: ModemBench) -> None:
    server = modem.online()
    send = {"count": 1400}
    assert modem.error("impatient", action="send_pattern", timeout_ms=60, params=send) == "timeout"
    begin_anew(modem, server.port)
    echoed(modem, 1400)


def test_a_command_that_is_never_answered(modem: ModemBench) -> None:
    modem.ready()
    modem.modem.faults.silent_commands = ["+CSQ"]
    assert modem.error("refresh") == "ModemSilent"
    modem.modem.faults.silent_commands = []
    assert modem.call("refresh")["signal"] == -73


@pytest.mark.parametrize("seed", range(6))
def test_a_noisy_line_ends_in_named_errors_and_then_in_order(seed: int) -> None:
    """Cut, wrong and slow bytes, URCs, prompts that never come: bounded errors; on a clean line all is well again."""
    modem = ModemBench(seed)
    try:
        server = modem.serve(echo)
        faults = modem.modem.faults
        faults.partial, faults.garbage, faults.urc_between_lines, faults.urc_inside_data = 0.03, 0.03, 0.2, 0.2
        faults.missing_prompts = seed
        for _ in range(6):
            tried(modem, server.port)
        faults.missing_prompts = 0
        faults.partial = faults.garbage = faults.urc_between_lines = faults.urc_inside_data = 0.0
        for _ in range(3):
            if tried(modem, server.port) == [2000, 0, "all"]:
                return
        raise AssertionError(modem.call("state"))
    finally:
        modem.close()


def tried(modem: ModemBench, port: int) -> object:
    """One attempt; the outcome or the error's name. Any other failure than a named one ends the board."""
    for step, params in (("start", {}), ("attach", {}), ("connect", {"host": HOST, "port": port})):
        failed = modem.outcome(step, **params)
        if isinstance(failed, str):
            return failed
    sent = modem.outcome("send_pattern", count=2000)
    return modem.outcome("read_pattern", count=2000, timeout_ms=15_000) if sent == 2000 else sent
