"""What machines say about themselves: the link, the clock, and that an old report makes nobody look alive."""

import asyncio
from typing import Any

import pytest
from fastapi.testclient import TestClient
from protocol import journal, links, uplink

from backoffice.alerts import watch
from backoffice.context import Context
from tests.host.backoffice.machines import Machine, add_institution, add_machine, post, provision_again
from tests.host.backoffice.support import NOW, HandClock

CLOCK, UPTIME = uplink.HEALTH_CLOCK, uplink.HEALTH_UPTIME_S
HOUR_S = 3600


@pytest.fixture
def machine(context: Context) -> Machine:
    return add_machine(context, Machine(), add_institution(context))


def read(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/machines/1").json()
    return found


def test_the_link_is_shown_as_the_machine_says_it(administrator: TestClient, machine: Machine) -> None:
    said = {
        uplink.HEALTH_TRANSPORT: links.GPRS,
        uplink.HEALTH_SWITCH_REASON: links.NO_WIFI,
        uplink.HEALTH_SIGNAL_DBM: -71,
        uplink.HEALTH_MODEM_RESTARTS: 2,
        uplink.HEALTH_SMS_SENT: 5,
        uplink.HEALTH_LINK_ERRORS: 9,
        uplink.HEALTH_NETWORK_TIME: NOW - 3,
    }
    machine.send(administrator, health=said)
    found = read(administrator)
    assert (found["transport"], found["switch_reason"], found["signal_dbm"]) == ("gprs", "no_wifi", -71)
    assert (found["modem_restarts"], found["sms_sent"], found["link_errors"]) == (2, 5, 9)
    assert found["network_time_offset_s"] == -3


@pytest.mark.parametrize("nonsense", [1, -151, "-71", b"x", 1 << 40])
def test_a_signal_that_cannot_be_is_as_good_as_left_out(
    administrator: TestClient, machine: Machine, nonsense: object
) -> None:
    machine.send(administrator, health={uplink.HEALTH_SIGNAL_DBM: nonsense})
    assert read(administrator)["signal_dbm"] is None


def test_no_signal_is_none(administrator: TestClient, machine: Machine) -> None:
    machine.send(administrator, health={uplink.HEALTH_SIGNAL_DBM: -90, UPTIME: 1})
    machine.send(administrator, health={uplink.HEALTH_SIGNAL_DBM: 0, UPTIME: 2})
    assert read(administrator)["signal_dbm"] is None


def test_how_sure_the_clock_is_comes_from_the_newest_entry(administrator: TestClient, machine: Machine) -> None:
    machine.write(journal.BOOT, clock=journal.CLOCK_HINT, detail=b"\x01")
    machine.send(administrator, health={CLOCK: NOW - 9000})
    assert (read(administrator)["clock_quality"], read(administrator)["clock_offset_s"]) == (1, -9000)
    assert administrator.get("/api/v1/alerts").json()["items"] == []  # nobody vouches for it: the answer sets it
    machine.write(journal.CLOCK, clock=journal.CLOCK_TRUSTED, detail=bytes(4))
    machine.send(administrator, 2, health={CLOCK: NOW - 9000})
    assert read(administrator)["clock_quality"] == 2
    assert administrator.get("/api/v1/alerts").json()["items"][0]["kind"] == "clock_wrong"


def test_a_report_that_was_long_on_its_way_says_little_about_the_clock(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    machine.exam(500)
    late = machine.report(health={CLOCK: NOW - HOUR_S})
    asyncio.run(context.ingest.take_incoming(late, uplink.SMS_BYTES))
    assert read(administrator)["clock_offset_s"] is None
    machine.exam(501)
    ahead = machine.report(5, health={CLOCK: NOW + 60})
    asyncio.run(context.ingest.take_incoming(ahead, uplink.SMS_BYTES))
    assert read(administrator)["clock_offset_s"] == 60


def test_a_report_that_is_sent_again_is_no_sign_of_life(
    administrator: TestClient, context: Context, machine: Machine, clock: HandClock
) -> None:
    machine.exam(500)
    recorded = machine.report(health={CLOCK: NOW, UPTIME: 100, uplink.HEALTH_READER_VERSION: 0x92})
    assert post(administrator, recorded).status_code == 200
    clock.now += 5 * HOUR_S
    watch.look(context)
    for _ in range(2):
        assert post(administrator, recorded).status_code == 200  # stored once, acknowledged as ever
    assert read(administrator)["last_seen_at"] == NOW
    assert [item["kind"] for item in administrator.get("/api/v1/alerts").json()["items"]] == ["machine_silent"]


def test_an_old_report_does_not_paint_over_a_newer_one(administrator: TestClient, machine: Machine) -> None:
    machine.exam(500)
    old = machine.report(health={CLOCK: NOW, UPTIME: 100, uplink.HEALTH_READER_VERSION: 0x92})
    post(administrator, old)
    machine.write(journal.FAULT, detail=b"reader")
    machine.send(administrator, 5, health={CLOCK: NOW + 60, UPTIME: 160, uplink.HEALTH_READER_VERSION: 0})
    post(administrator, old)
    assert read(administrator)["reader_healthy"] is False


def test_a_machine_that_repeats_itself_is_alive(administrator: TestClient, machine: Machine, clock: HandClock) -> None:
    machine.exam(500)
    for uptime in (100, 400, 700):
        clock.now += 300
        machine.send(administrator, health={CLOCK: clock.now - 2, UPTIME: uptime})
        assert read(administrator)["last_seen_at"] == clock.now


def test_part_of_the_journal_sent_anew_by_sms_is_a_sign_of_life(
    administrator: TestClient, machine: Machine, clock: HandClock
) -> None:
    for credit in range(500, 505):
        machine.exam(credit)
    machine.send(administrator, health={CLOCK: NOW, UPTIME: 100})
    clock.now += HOUR_S
    part = machine.report(1, 8, health={CLOCK: NOW + HOUR_S - 5})
    post(administrator, part)
    assert read(administrator)["last_seen_at"] == NOW + HOUR_S
    clock.now += HOUR_S
    post(administrator, part)
    assert read(administrator)["last_seen_at"] == NOW + HOUR_S


def test_a_machine_that_lost_its_clock_and_uptime_is_alive(
    administrator: TestClient, machine: Machine, clock: HandClock
) -> None:
    machine.send(administrator, health={CLOCK: NOW, UPTIME: 90_000})
    clock.now += HOUR_S
    machine.write(journal.BOOT, clock=journal.CLOCK_NONE, time=0, detail=b"\x01")
    machine.send(administrator, health={CLOCK: 0, UPTIME: 5})
    assert read(administrator)["last_seen_at"] == NOW + HOUR_S
    assert (read(administrator)["clock_quality"], read(administrator)["clock_offset_s"]) == (0, None)
    clock.now += HOUR_S
    machine.send(administrator, health={CLOCK: 0, UPTIME: 3605})
    assert read(administrator)["last_seen_at"] == NOW + 2 * HOUR_S


def test_a_clock_that_was_ahead_does_not_silence_the_machine(
    administrator: TestClient, machine: Machine, clock: HandClock
) -> None:
    machine.exam(500)
    machine.send(administrator, health={CLOCK: NOW + 86_400})
    clock.now += 300
    machine.send(administrator, health={CLOCK: NOW + 300})
    assert read(administrator)["last_seen_at"] == NOW + 300


def test_an_earlier_epoch_says_nothing_about_the_machine_now(
    administrator: TestClient, context: Context, machine: Machine, clock: HandClock
) -> None:
    machine.exam(500)
    late = machine.report(health={CLOCK: NOW, UPTIME: 500})
    new = provision_again(context, machine, b"n" * 32)
    new.send(administrator, health={CLOCK: NOW, UPTIME: 1})
    clock.now += HOUR_S
    assert post(administrator, late).status_code == 200
    assert read(administrator)["last_seen_at"] == NOW
    assert len(administrator.get("/api/v1/usage").json()["items"]) == 1
