"""What the phone network says the time is, right, wrong or not at all: a hint, journalled as one, worth nothing."""

from typing import Final, Literal

import pytest
from protocol import journal

from emulator.device import Board
from emulator.kit import tap
from tests.host.backoffice.support import NOW
from tests.host.system.clinic import Office
from tests.host.system.links_fixtures import clock, images, lines, office, tls_wire
from tests.host.system.uplinks import MINUTE_MS, Uplinks, on_flash, reported, status

__all__ = ["clock", "images", "lines", "office", "tls_wire"]

DAY_S: Final = 86_400
NEAR_S: Final = 60
Time = Literal["right", "wrong", "none"]


def last_stamp(machine: Board) -> tuple[int, int]:
    """(time, clock quality) of the newest debit on flash."""
    entry = on_flash(machine, journal.DEBIT)[-1]
    return entry.time, entry.clock


def certificates_clock_s(machine: Board) -> int:
    """Unix seconds of the board's own clock, which mbedtls holds certificates against."""
    return (machine.wall_offset_us + machine.world.now_us) // 1_000_000


@pytest.mark.parametrize(
    ("told", "error_s"), [("right", 0), ("wrong", 30 * DAY_S), ("wrong", -30 * DAY_S), ("none", 0)]
)
def test_a_hint_until_the_back_office_answers(lines: Uplinks, office: Office, told: Time, error_s: int) -> None:
    """From the modem's AT+CCLK to the journal's entries, to the page that shows how far the network's time is off."""
    cells, smsc = lines.world.phone.cells, lines.world.phone.smsc
    cells.time, cells.time_error_s = told, error_s
    smsc.faults.loss = 1.0
    machine = lines.machine("sms")
    lines.world.run_for(MINUTE_MS)
    world_s = lines.world.unix_time
    shown = status(machine)["clock"]
    lines.exam(machine, 1000)
    if told == "none":
        assert (shown, last_stamp(machine)) == ({"time": 0, "quality": "none"}, (0, journal.CLOCK_NONE))
    else:
        assert shown["quality"] == "hint"
        assert abs(shown["time"] - world_s - error_s) < NEAR_S
        at_s, quality = last_stamp(machine)
        assert quality == journal.CLOCK_HINT
        assert abs(at_s - world_s - error_s) < NEAR_S
    smsc.faults.loss = 0.0
    machine.host.call("uplink.now")
    assert reported(machine, 60 * MINUTE_MS), status(machine)
    answer = status(machine)["clock"]
    assert answer["quality"] == "trusted"
    assert abs(answer["time"] - NOW - lines.world.now_us // 1_000_000) < NEAR_S
    assert tap(machine, lines.card(1001))["reason"] == "granted"
    at_s, quality = last_stamp(machine)
    assert quality == journal.CLOCK_TRUSTED
    assert abs(at_s - NOW - lines.world.now_us // 1_000_000) < NEAR_S
    assert office.usage() == [1000]


@pytest.mark.parametrize("error_s", [5 * 365 * DAY_S, 0, -20 * DAY_S])
def test_no_network_s_time_stands_between_the_machine_and_its_server(
    lines: Uplinks, office: Office, error_s: int
) -> None:
    """Certificates have dates. A false cell that says it is five years later must not make the server's an old one."""
    cells = lines.world.phone.cells
    cells.time, cells.time_error_s = "wrong", error_s
    machine = lines.machine("gprs")
    lines.exam(machine, 1000)
    assert reported(machine), status(machine)
    assert office.usage() == [1000]
    assert status(machine)["clock"]["quality"] == "trusted"
    assert certificates_clock_s(machine) < NOW + 365 * DAY_S


def test_a_modem_that_lost_the_time_does_not_set_the_clock_back(lines: Uplinks) -> None:
    cells = lines.world.phone.cells
    lines.world.phone.smsc.faults.loss = 1.0
    machine = lines.machine("sms")
    lines.world.run_for(MINUTE_MS)
    assert status(machine)["clock"]["quality"] == "hint"
    cells.time = "none"
    lines.world.run_for(5 * MINUTE_MS)
    machine.modem.power.die()
    lines.world.run_for(20 * MINUTE_MS)
    assert status(machine)["uplink"]["modem"]["restarts"] > 0
    assert abs(status(machine)["clock"]["time"] - lines.world.unix_time) < NEAR_S


def test_the_page_shows_how_far_the_network_s_time_is_off(lines: Uplinks, office: Office) -> None:
    """At the moment of the report, and not since the modem was asked last."""
    cells = lines.world.phone.cells
    cells.time, cells.time_error_s = "wrong", 2 * DAY_S
    machine = lines.machine("gprs", report_s=300)
    assert reported(machine), status(machine)
    lines.world.run_for(9 * MINUTE_MS)
    wanted_s = lines.world.unix_time + 2 * DAY_S - NOW - lines.world.now_us // 1_000_000
    assert abs(office.get("/machines/1")["network_time_offset_s"] - wanted_s) < NEAR_S
