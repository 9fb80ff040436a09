"""SMS: sealed reports out, sealed answers in, through an SMS centre that delays, loses, doubles and reorders."""

import pytest
from protocol import journal, uplink

from emulator.flash import Flash
from emulator.kit.machines import await_service
from tests.host.system.clinic import Office
from tests.host.system.links_fixtures import clock, images, lines, office, tls_wire
from tests.host.system.uplinks import (
    FIRST,
    HOUR_MS,
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

__all__ = ["clock", "images", "lines", "office", "tls_wire"]


def counted(lines: Uplinks, office: Office, credits_: list[int], timeout_ms: int = HOUR_MS) -> bool:
    """Until the back office has counted these."""
    for _ in range(timeout_ms // 30_000):
        if office.usage() == credits_:
            return True
        lines.world.run_for(30_000)
    return False


def test_reports_and_answers(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("sms")
    assert heard(machine), status(machine)
    first = lines.short_messages
    for credit in range(1000, 1012):
        lines.exam(machine, credit)
        lines.world.run_for(2000)
    assert counted(lines, office, list(range(1000, 1012))), status(machine)
    assert lines.short_messages - first <= 2
    assert all(len(message.pdu) <= 140 + 30 for message in lines.world.phone.smsc.submitted)
    assert status(machine)["uplink"]["sms_sent"] == lines.short_messages
    assert machine.starts == 1, machine.crash_log


def test_few_entries_are_gathered(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("sms", sms_gather_s=300)
    assert heard(machine), status(machine)
    first = lines.short_messages
    lines.exam(machine, 1000)
    lines.world.run_for(4 * MINUTE_MS)
    assert lines.short_messages == first
    lines.world.run_for(2 * MINUTE_MS)
    assert lines.short_messages == first + 1
    assert office.usage() == [1000]


def test_messages_are_lost_doubled_and_overtake_each_other(lines: Uplinks, office: Office) -> None:
    faults = lines.world.phone.smsc.faults
    faults.loss, faults.duplication, faults.reorder, faults.delay_s = 0.5, 0.3, 0.3, (1.0, 90.0)
    machine = lines.machine("sms", sms_gather_s=120)
    for credit in range(1000, 1006):
        lines.exam(machine, credit)
        lines.world.run_for(MINUTE_MS)
    lines.world.run_for(5 * MINUTE_MS)
    assert lines.world.phone.smsc.lost
    faults.loss = 0.0
    assert counted(lines, office, list(range(1000, 1006))), status(machine)
    assert "fork" not in office.alerts()
    assert machine.starts == 1, machine.crash_log


def test_sent_is_not_delivered(lines: Uplinks, office: Office) -> None:
    """The network took the message and nobody ever sees it: the entries stay."""
    machine = lines.machine("sms")
    assert heard(machine), status(machine)
    lines.world.phone.smsc.faults.loss = 1.0
    lines.exam(machine, 1000)
    sent = status(machine)["uplink"]["sms_sent"]
    while status(machine)["uplink"]["sms_sent"] < sent + 2:  # and once more, since no answer comes
        lines.world.run_for(MINUTE_MS)
    assert status(machine)["journal"]["pending"] > 0
    lines.world.phone.smsc.faults.loss = 0.0
    assert counted(lines, office, [1000]), status(machine)


def test_lost_answers(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("sms")
    assert heard(machine), status(machine)

    def take_and_say_nothing(_sender: str, data: bytes) -> None:
        assert office.post_report(data) == (200, "")

    lines.world.phone.smsc.application(OFFICE_NUMBER, take_and_say_nothing)
    lines.exam(machine, 1000)
    lines.world.run_for(15 * MINUTE_MS)
    assert office.usage() == [1000]
    assert status(machine)["journal"]["pending"] > 0
    lines.world.phone.smsc.application(OFFICE_NUMBER, lines.take_sms)
    assert counted(lines, office, [1000]), status(machine)


def test_the_power_goes_between_send_and_answer(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("sms")
    assert heard(machine), status(machine)
    before = lines.short_messages
    lines.world.phone.smsc.faults.delay_s = (20.0, 30.0)
    lines.exam(machine, 1000)
    assert lines.world.run_until(lambda: lines.short_messages > before, HOUR_MS)
    machine.power_off()
    lines.world.run_for(MINUTE_MS)
    machine.power_on()
    await_service(machine)
    assert counted(lines, office, [1000]), status(machine)


def test_cap_of_the_day(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("wifi,sms", wifi=False, sms_per_day=2)
    lines.world.phone.smsc.faults.loss = 1.0
    lines.exam(machine, 1000)
    lines.world.run_for(20 * MINUTE_MS)
    assert ("wifi", "sms_cap_reached") in links_told(machine)
    assert len(lines.world.phone.smsc.submitted) == 2
    machine.power_off()
    machine.power_on()
    await_service(machine)
    lines.world.run_for(10 * MINUTE_MS)
    assert len(lines.world.phone.smsc.submitted) == 2
    machine.network.up = True
    assert reported(machine, 20 * MINUTE_MS)
    assert office.usage() == [1000]


def test_whatever_else_comes_is_forgotten(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("sms")
    assert heard(machine), status(machine)
    smsc = lines.world.phone.smsc
    for content in (b"", b"\x00" * 140, b"Dear customer", "Your balance is 3 yuan", "您的余额", bytes(range(256))):
        smsc.send("+8613712345678", MACHINE_NUMBER, content)
    other = lines.images.authority.machine_key(2)
    smsc.send("+8613712345678", MACHINE_NUMBER, uplink.seal_push(other, uplink.Ack(9999, 0, []), 1))
    lines.world.run_for(2 * MINUTE_MS)
    sim = machine.modem.sim
    assert sim is not None
    assert not sim.places
    lines.exam(machine, 1000)
    assert counted(lines, office, [1000]), status(machine)
    assert machine.starts == 1, machine.crash_log


def test_a_push_is_obeyed_and_its_time_is_not_believed(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("sms")
    assert heard(machine), status(machine)
    key = lines.images.authority.machine_key(1)
    command = uplink.Command(77, uplink.REVOKE_CREDIT, [7, FIRST])
    push = uplink.seal_push(key, uplink.Ack(0, 1_999_999_999, [command]), 1)
    lines.world.phone.smsc.send(OFFICE_NUMBER, MACHINE_NUMBER, push)
    lines.world.run_for(MINUTE_MS)
    told = machine.host.take_notifications("tap")
    assert not told
    card = lines.card(FIRST)
    machine.field.enter(card)
    assert lines.world.run_until(lambda: any(n["method"] == "tap" for n in machine.host.notifications), 5000)
    assert machine.host.take_notifications("tap")[0]["params"]["reason"] == "revoked"
    assert status(machine)["clock"]["time"] < 1_900_000_000


def test_a_modem_that_died_while_nobody_used_it_listens_again(lines: Uplinks, office: Office) -> None:
    machine = lines.machine("sms")
    assert heard(machine), status(machine)
    machine.modem.cut_power()
    key = lines.images.authority.machine_key(1)
    push = uplink.seal_push(key, uplink.Ack(0, 0, [uplink.Command(78, uplink.REVOKE_CREDIT, [7, FIRST])]), 1)
    lines.world.phone.smsc.send(OFFICE_NUMBER, MACHINE_NUMBER, push)
    lines.world.run_for(12 * MINUTE_MS)
    assert status(machine)["uplink"]["modem"]["restarts"] >= 1
    assert any(entry.detail[:4] == (78).to_bytes(4, "big") for entry in on_flash(machine, journal.COMMAND))


def test_a_full_inbox(lines: Uplinks, office: Office) -> None:
    """Messages that nobody can use must not keep out the answers."""
    machine = lines.machine("sms")
    assert heard(machine), status(machine)
    for _ in range(60):
        lines.world.phone.smsc.send("+8613712345678", MACHINE_NUMBER, b"advertisement")
    lines.exam(machine, 1000)
    assert counted(lines, office, [1000]), status(machine)


@pytest.mark.parametrize("kind", [journal.DEBIT])
def test_an_old_flash_takes_no_push_of_another_history(lines: Uplinks, office: Office, kind: int) -> None:
    """An acknowledgement that names another entry acknowledges nothing."""
    machine = lines.machine("sms")
    key = lines.images.authority.machine_key(1)
    lines.world.phone.smsc.application(OFFICE_NUMBER, lambda _sender, _data: None)
    lines.exam(machine, 1000)
    seq = status(machine)["journal"]["seq"]
    push = uplink.seal_push(key, uplink.Ack(seq, 0, [], 0, b"\x01" * 8), 1)
    lines.world.phone.smsc.send(OFFICE_NUMBER, MACHINE_NUMBER, push)
    lines.world.run_for(2 * MINUTE_MS)
    assert status(machine)["journal"]["acked"] < seq
    assert isinstance(machine.flash, Flash)
