"""New connection settings: kept when they have shown that they work, given up by the machine itself when not."""

from protocol import journal, results, uplink

from emulator.device import Board
from emulator.kit.machines import await_service
from tests.host.system.clinic import Office
from tests.host.system.links_fixtures import clock, images, lines, office, tls_wire
from tests.host.system.uplinks import (
    MACHINE_NUMBER,
    MINUTE_MS,
    OFFICE_NUMBER,
    Uplinks,
    heard,
    links_told,
    on_flash,
    reported,
    status,
)
from tests.host.system.wire import Answer

__all__ = ["clock", "images", "lines", "office", "tls_wire"]

COMMAND_ID = 900


def order(lines: Uplinks, office: Office, settings: dict[str, object]) -> None:
    """The next answers carry this SETTINGS command, as long as the machine has not answered it."""
    key = lines.images.authority.machine_key(1)
    command = uplink.Command(COMMAND_ID, uplink.SETTINGS, [settings])

    def instead(message: bytes, answer: Answer) -> Answer:
        status_code, body = answer
        if status_code != 200:
            return answer
        ack = uplink.open_ack(key, message, body)
        return status_code, uplink.seal_ack(key, message, uplink.Ack(ack.ack_seq, ack.server_time, [command]))

    office.wire.instead = instead


def results_of(machine: Board) -> list[int]:
    """How the command ended, each time it ended."""
    entries = on_flash(machine, journal.COMMAND)
    return [entry.detail[5] for entry in entries if int.from_bytes(entry.detail[:4], "big") == COMMAND_ID]


def until_answered(lines: Uplinks, machine: Board, timeout_ms: int) -> None:
    for _ in range(timeout_ms // 10_000):
        if results_of(machine):
            return
        lines.world.run_for(10_000)


def test_settings_that_work_are_kept(lines: Uplinks, office: Office) -> None:
    lines.world.phone.gprs.routes["uplink.other", 8443] = ("127.0.0.1", lines.images.tls.port)
    machine = lines.machine("gprs")
    assert reported(machine)
    order(lines, office, {"server_host": "uplink.other", "server_port": 8443})
    machine.host.call("uplink.now")
    until_answered(lines, machine, 10 * MINUTE_MS)
    assert results_of(machine) == [results.DONE]
    assert not status(machine)["uplink"]["trial"]
    assert ("gprs", "trial") in links_told(machine)
    machine.power_off()
    machine.power_on()
    await_service(machine)
    lines.world.phone.gprs.routes.pop(("127.0.0.1", lines.images.tls.port))
    lines.exam(machine, 1000)
    assert reported(machine), status(machine)
    assert office.usage() == [1000]
    assert results_of(machine) == [results.DONE]


def test_settings_that_do_not_work_are_given_up(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("gprs")
    assert reported(machine)
    order(lines, office, {"server_host": "nobody.example"})
    machine.host.call("uplink.now")
    lines.world.run_for(MINUTE_MS)
    assert status(machine)["uplink"]["trial"]
    assert results_of(machine) == []
    lines.exam(machine, 1000)
    until_answered(lines, machine, 15 * MINUTE_MS)
    assert results_of(machine) == [results.RETURNED]
    assert reported(machine), status(machine)
    assert ("gprs", "returned_from_trial") in links_told(machine)
    assert office.usage() == [1000]
    assert results_of(machine) == [results.RETURNED]
    assert machine.starts == 1, machine.crash_log


def test_power_cuts_do_not_prolong_a_trial(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("gprs")
    assert reported(machine)
    order(lines, office, {"apn": "wrong"})
    lines.world.phone.gprs.faults.refuse_attach = False
    machine.host.call("uplink.now")
    lines.world.run_for(30_000)
    assert status(machine)["uplink"]["trial"]
    lines.world.phone.gprs.faults.refuse_attach = True
    for _ in range(5):
        machine.power_off()
        lines.world.run_for(1000)
        machine.power_on()
        await_service(machine)
        lines.world.run_for(5000)
    lines.world.phone.gprs.faults.refuse_attach = False
    assert results_of(machine) == [results.RETURNED]
    lines.exam(machine, 1000)
    assert reported(machine), status(machine)
    assert office.usage() == [1000]


def test_what_no_enabled_link_uses_needs_no_trial(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("wifi")
    assert reported(machine)
    order(lines, office, {"apn": "elsewhere", "exam_s": 60})
    machine.host.call("uplink.now")
    until_answered(lines, machine, MINUTE_MS)
    assert results_of(machine) == [results.DONE]


def test_another_number_for_short_messages(lines: Uplinks, office: Office) -> None:
    other = "+8610690002"
    machine = lines.machine("sms")
    assert heard(machine)
    lines.world.phone.smsc.application(other, lines.take_sms)
    key = lines.images.authority.machine_key(1)
    command = uplink.Command(COMMAND_ID, uplink.SETTINGS, [{"sms_number": other}])
    push = uplink.seal_push(key, uplink.Ack(0, 0, [command]), 1)
    lines.world.phone.smsc.send(OFFICE_NUMBER, MACHINE_NUMBER, push)
    until_answered(lines, machine, 5 * MINUTE_MS)
    assert results_of(machine) == [results.DONE]
    assert any(message.receiver == other for message in lines.world.phone.smsc.submitted)


def test_a_push_does_not_show_that_new_settings_work(lines: Uplinks, office: Office) -> None:
    """Whoever sends one needs no answer from the machine: the way out may be closed all the same."""
    nobody = "+8610690003"
    machine = lines.machine("sms")
    assert heard(machine)
    key = lines.images.authority.machine_key(1)
    command = uplink.Command(COMMAND_ID, uplink.SETTINGS, [{"sms_number": nobody}])
    lines.world.phone.smsc.send(OFFICE_NUMBER, MACHINE_NUMBER, uplink.seal_push(key, uplink.Ack(0, 0, [command]), 1))
    lines.world.run_for(MINUTE_MS)
    assert status(machine)["uplink"]["trial"]
    another = uplink.Command(COMMAND_ID + 1, uplink.SETTINGS, [{"exam_s": 60}])
    lines.world.phone.smsc.send(OFFICE_NUMBER, MACHINE_NUMBER, uplink.seal_push(key, uplink.Ack(0, 0, [another]), 2))
    lines.world.run_for(MINUTE_MS)
    assert status(machine)["uplink"]["trial"]
    assert results_of(machine) == []


def test_a_wrong_key_of_the_same_wi_fi_is_given_up(lines: Uplinks, office: Office) -> None:
    """The board is in that network already, by the old key: that does not show that the new one opens it."""
    machine = lines.machine("wifi", wifi_ssid="clinic", wifi_password="right-key")
    machine.network.key = "right-key"
    assert reported(machine)
    order(lines, office, {"wifi_password": "wrong-key"})
    machine.host.call("uplink.now")
    until_answered(lines, machine, 15 * MINUTE_MS)
    assert results_of(machine) == [results.RETURNED]
    machine.power_off()
    machine.power_on()
    await_service(machine)
    lines.exam(machine, 1000)
    assert reported(machine), status(machine)
    assert office.usage() == [1000]


def test_a_new_key_of_the_same_wi_fi_is_kept(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("wifi", wifi_ssid="clinic", wifi_password="right-key")
    assert reported(machine)
    order(lines, office, {"wifi_password": "next-key"})
    machine.host.call("uplink.now")
    until_answered(lines, machine, 15 * MINUTE_MS)
    assert results_of(machine) == [results.DONE]
    machine.network.key = "next-key"  # from now on no other opens it
    lines.exam(machine, 1000)
    assert reported(machine), status(machine)
    assert office.usage() == [1000]
