"""Which link carries the reports: order, hysteresis, and a named reason for every switch. Urgent events by SMS."""

import pytest

from emulator.phone.cells import Registration
from emulator.sim800 import Sim
from tests.host.system.clinic import Office
from tests.host.system.links_fixtures import clock, images, lines, office, tls_wire
from tests.host.system.uplinks import MACHINE_NUMBER, MINUTE_MS, Uplinks, links_told, reported, status

__all__ = ["clock", "images", "lines", "office", "tls_wire"]


def told_within(lines: Uplinks, machine: object, wanted: tuple[str, str], timeout_ms: int) -> list[tuple[str, str]]:
    """What the machine tells of its links until it tells this."""
    told: list[tuple[str, str]] = []
    for _ in range(timeout_ms // 5000):
        told += links_told(machine)  # type: ignore[arg-type]
        if wanted in told:
            break
        lines.world.run_for(5000)
    return told


def test_from_wifi_to_gprs_and_back_after_a_while(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("wifi,gprs,sms")
    assert reported(machine)
    assert status(machine)["uplink"]["modem"] is None
    machine.network.up = False
    lines.exam(machine, 1000)
    assert told_within(lines, machine, ("gprs", "no_wifi"), 3 * MINUTE_MS) == [("gprs", "no_wifi")]
    assert reported(machine), status(machine)
    lines.world.run_for(3 * MINUTE_MS)
    machine.network.up = True
    told = told_within(lines, machine, ("wifi", "better_link_back"), 15 * MINUTE_MS)
    assert told == [("wifi", "better_link_back")]
    lines.world.run_for(20_000)
    assert not machine.modem.power.running
    assert status(machine)["uplink"]["modem"] is None
    lines.exam(machine, 1001)
    assert reported(machine)
    assert office.usage() == [1000, 1001]
    health = office.get("/machines/1")
    assert health["transport"] == "wifi"
    assert machine.starts == 1, machine.crash_log


def test_down_to_sms_and_up_again(lines: Uplinks, office: Office) -> None:
    lines.world.phone.gprs.faults.refuse_attach = True
    machine = lines.machine("wifi,gprs,sms", wifi=False)
    lines.exam(machine, 1000)
    told = told_within(lines, machine, ("sms", "gprs_refused"), 10 * MINUTE_MS)
    assert told == [("gprs", "no_wifi"), ("sms", "gprs_refused")]
    assert lines.world.run_until(lambda: lines.short_messages > 0, 5 * MINUTE_MS)
    lines.world.phone.gprs.faults.refuse_attach = False
    assert ("gprs", "better_link_back") in told_within(lines, machine, ("gprs", "better_link_back"), 20 * MINUTE_MS)
    assert reported(machine), status(machine)
    assert office.usage() == [1000]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("no_sim", "no_sim"),
        ("pin", "pin_wrong"),
        ("denied", "not_registered"),
        ("frozen", "modem_silent"),
        ("no_server", "no_server"),
        ("silent", "no_answer"),
        ("apn", "not_configured"),
    ],
)
def test_why_gprs_is_left(lines: Uplinks, office: Office, fault: str, reason: str) -> None:
    changes: dict[str, object] = {"apn": ""} if fault == "apn" else {}
    machine = lines.machine(
        "gprs,wifi", wifi=False, sim=Sim(MACHINE_NUMBER, pin="4321" if fault == "pin" else None), **changes
    )
    phone = lines.world.phone
    if fault == "no_sim":
        machine.modem.sim = None
    elif fault == "denied":
        phone.cells.registration = Registration.DENIED
    elif fault == "frozen":
        machine.modem.freeze()
        machine.modem.faults.silent_commands.append("")
    elif fault == "no_server":
        phone.gprs.routes.clear()
    elif fault == "silent":
        phone.gprs.faults.silent_peer = True
    told = told_within(lines, machine, ("wifi", reason), 12 * MINUTE_MS)
    assert ("wifi", reason) in told, (told, status(machine)["uplink"])
    machine.network.up = True
    lines.exam(machine, 1000)
    assert reported(machine), status(machine)
    assert office.usage() == [1000]
    if fault == "pin":
        sim = machine.modem.sim
        assert sim is not None
        assert sim.pin_tries == 3


def test_a_wrong_pin_is_tried_once_in_all(lines: Uplinks) -> None:
    sim = Sim(MACHINE_NUMBER, pin="4321")
    machine = lines.machine("gprs", sim=sim, sim_pin="1111")
    lines.world.run_for(2 * MINUTE_MS)
    assert status(machine)["uplink"]["last_error"].startswith("gprs: pin_wrong")
    assert sim.pin_tries == 2
    for _ in range(2):
        machine.power_off()
        lines.world.run_for(1000)
        machine.power_on()
        lines.world.run_for(MINUTE_MS)
    assert sim.pin_tries == 2


def test_the_right_pin(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("gprs", sim=Sim(MACHINE_NUMBER, pin="4321"), sim_pin="4321")
    lines.exam(machine, 1000)
    assert reported(machine), status(machine)
    assert office.usage() == [1000]


def test_an_urgent_event_goes_by_sms_when_nothing_else_answers(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("wifi,sms")
    assert reported(machine)
    office.wire.hang_up()  # the server is unreachable: the link is not what is broken
    machine.reader.die()
    assert told_within(lines, machine, ("sms", "urgent_event"), 5 * MINUTE_MS) != []
    assert lines.world.run_until(lambda: lines.short_messages > 0, 3 * MINUTE_MS)
    assert lines.short_messages == 1
    assert machine.starts == 1, machine.crash_log
