"""GPRS: TLS by the board itself through the modem's TCP, to the real back office; and everything that cuts it."""

from typing import Literal

import pytest
from protocol import journal

from emulator.sim800 import BrownOut
from tests.host.system.clinic import Office
from tests.host.system.links_fixtures import clock, images, lines, office, tls_wire
from tests.host.system.uplinks import MINUTE_MS, Uplinks, links_told, on_flash, reported, status
from tests.host.system.wire import UNREACHABLE, Answer

__all__ = ["clock", "images", "lines", "office", "tls_wire"]


def test_exams_arrive_over_tls(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("gprs")
    for credit in range(1000, 1005):
        lines.exam(machine, credit)
    assert reported(machine), status(machine)
    assert office.usage() == [1000, 1001, 1002, 1003, 1004]
    gprs = lines.world.phone.gprs
    assert gprs.connections <= 4
    assert status(machine)["uplink"]["modem"]["state"] == "attached"
    assert status(machine)["clock"]["quality"] == "trusted"
    assert machine.starts == 1, machine.crash_log


def test_a_handshake_waits_while_a_client_waits_for_a_card(lines: Uplinks) -> None:
    """It would keep the card waiting: no other task runs during an operation with a public key."""
    machine = lines.machine("gprs")
    assert reported(machine), status(machine)
    gprs, world = lines.world.phone.gprs, lines.world
    before = gprs.connections
    machine.host.start("swipe.debit", timeout_ms=20_000)
    machine.host.call("uplink.now")
    world.run_for(19_000)
    assert gprs.connections == before
    world.run_for(12_000)
    assert gprs.connections == before + 1


@pytest.mark.parametrize("after_ms", [1000, 9000, 12_000, 14_000])
def test_the_bearer_is_taken_away_while_it_is_used(lines: Uplinks, office: Office, after_ms: int) -> None:
    machine = lines.machine("gprs")
    lines.world.phone.gprs.deact_at(after_ms)
    for credit in range(1000, 1004):
        lines.exam(machine, credit)
    lines.world.phone.gprs.deact_at(700)
    assert reported(machine), status(machine)
    assert office.usage() == [1000, 1001, 1002, 1003]
    assert machine.starts == 1, machine.crash_log


def test_a_peer_that_takes_everything_and_answers_nothing(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("gprs")
    lines.world.phone.gprs.faults.silent_peer = True
    lines.exam(machine, 1000)
    assert not reported(machine, 3 * MINUTE_MS)
    assert status(machine)["uplink"]["last_error"].startswith("gprs: no_answer")
    lines.world.phone.gprs.faults.silent_peer = False
    assert reported(machine), status(machine)
    assert office.usage() == [1000]


def test_connections_that_hang_and_close(lines: Uplinks, office: Office) -> None:
    lines.world.phone.gprs.faults.loss = 0.3
    machine = lines.machine("gprs")
    for credit in range(1000, 1006):
        lines.exam(machine, credit)
        lines.world.run_for(30_000)
    assert reported(machine, 60 * MINUTE_MS), status(machine)
    assert office.usage() == list(range(1000, 1006))


def test_answers_that_are_lost_after_the_commit(lines: Uplinks, office: Office) -> None:
    """The server dies between commit and ack: the same entries come again, and nothing is counted twice."""
    machine = lines.machine("gprs")
    assert reported(machine)
    lost = []

    def lose(_: bytes, answer: Answer) -> Answer:
        lost.append(answer)
        return UNREACHABLE if len(lost) <= 2 else answer

    office.wire.instead = lose
    lines.exam(machine, 1000)
    assert reported(machine), status(machine)
    assert len(lost) >= 3
    assert office.usage() == [1000]


def test_a_server_that_another_authority_vouches_for(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("gprs,sms", server_ca=lines.images.tls.other_authority_der)
    lines.exam(machine, 1000)
    assert lines.world.run_until(lambda: lines.short_messages > 0, 20 * MINUTE_MS)
    assert ("sms", "bad_certificate") in links_told(machine)
    assert office.wire.requests == []
    assert office.usage() == [1000]


def test_no_authority_is_set(lines: Uplinks, office: Office) -> None:
    """TLS without anybody who vouches is refused, not done unverified."""
    machine = lines.machine("wifi", server_ca=b"")
    lines.world.run_for(30_000)
    assert "bad_certificate" in status(machine)["uplink"]["last_error"]
    assert office.wire.requests == []


@pytest.mark.parametrize("reader", ["dip", "dead"])
def test_a_transmit_burst_that_kills_modem_and_reader(
    lines: Uplinks, office: Office, reader: Literal["dip", "dead"]
) -> None:
    machine = lines.machine("gprs")
    assert reported(machine)
    machine.modem.faults.brown_out = BrownOut(burst=2, reader=reader)
    lines.exam(machine, 1000)
    lines.world.run_for(MINUTE_MS)
    assert machine.modem.brown_outs
    lines.exam(machine, 1001)
    assert reported(machine, 30 * MINUTE_MS), status(machine)
    assert office.usage() == [1000, 1001]
    faults = [entry.detail for entry in on_flash(machine, journal.FAULT)]
    assert faults == [b"reader"]
    assert status(machine)["uplink"]["modem"]["restarts"] >= 1
    assert machine.starts == 1, machine.crash_log


def test_the_power_goes_between_send_and_answer(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("gprs")
    assert reported(machine)
    lines.exam(machine, 1000)
    before = len(office.wire.requests)
    assert lines.world.run_until(lambda: len(office.wire.requests) > before, MINUTE_MS)
    machine.power_off()
    lines.world.run_for(1000)
    machine.power_on()
    lines.world.run_for(2000)
    assert reported(machine), status(machine)
    assert office.usage() == [1000]


def test_a_tap_while_the_modem_talks(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("gprs")
    for credit in range(1000, 1010):
        lines.exam(machine, credit)
    assert reported(machine)
    assert office.usage() == list(range(1000, 1010))
    assert machine.starts == 1, machine.crash_log


def test_wifi_is_off_while_gprs_carries(lines: Uplinks, office: Office) -> None:
    """The memory of its radio is what TLS over the modem needs. It is on again when Wi-Fi is tried again."""
    machine, gprs = lines.machine("wifi,gprs", wifi=False), lines.world.phone.gprs
    assert lines.world.run_until(lambda: machine.network.active, MINUTE_MS)
    lines.exam(machine, 1000)
    assert lines.world.run_until(lambda: gprs.bytes_down > 0, 5 * MINUTE_MS)
    assert not machine.network.active
    assert reported(machine), status(machine)
    machine.network.up = True
    assert lines.world.run_until(lambda: machine.network.passes, 10 * MINUTE_MS)
    assert office.usage() == [1000]


def test_a_machine_without_wifi_never_makes_its_driver(lines: Uplinks) -> None:
    """What the driver takes when it is made comes back by a restart alone."""
    machine = lines.machine("gprs,sms")
    lines.exam(machine, 1000)
    assert reported(machine), status(machine)
    assert not machine.network.initialised
