"""The server's clock may be wrong. Then it overrules no machine's, is handed to nobody, and moves only as it should."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from protocol import journal, uplink
from sqlmodel import col, select
from typer.testing import CliRunner

from backoffice.alerts import watch
from backoffice.app import create_app
from backoffice.cli import app as cli
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.models import Alert, Usage
from backoffice.models import Machine as MachineRow
from backoffice.settings import Settings
from backoffice.sms import service as sms
from backoffice.timekeeping import repository, service
from backoffice.timekeeping.rule import (
    BACK_MAX_S,
    EARLIEST_TIME,
    LEAP_MAX_S,
    UNSURE_AHEAD_MAX_S,
    Believed,
    attested,
    believe,
)
from tests.host.backoffice.machines import Machine, add_institution, add_machine, post
from tests.host.backoffice.support import NOW, ORIGIN, HandClock

DAY_S = 86_400


@pytest.fixture
def machine(context: Context) -> Machine:
    return add_machine(context, Machine(), add_institution(context))


def usage(context: Context) -> dict[int, tuple[int, str]]:
    """(time, quality) by credit. Looked up in the database: log-ins end when the clock leaps."""
    with transaction(context.engine) as session:
        return {row.credit: (row.time, row.time_quality) for row in session.exec(select(Usage))}


def kinds(context: Context) -> list[str]:
    """Of the open alerts."""
    with transaction(context.engine) as session:
        return list(session.exec(select(Alert.kind).where(col(Alert.cleared_at).is_(None))))


def newest(context: Context) -> int:
    with transaction(context.engine) as session:
        return repository.newest(session)[0]


def report(client: TestClient, machine: Machine, credit: int, time: int) -> uplink.Ack:
    first = len(machine.entries) + 1
    machine.write(journal.DEBIT, credit, time=time)
    return machine.send(client, first)


@pytest.mark.parametrize("wrong", [NOW - 14 * DAY_S, 0, 1, 86_400])
def test_a_clock_that_was_set_back_overrules_no_machine(
    administrator: TestClient, context: Context, machine: Machine, clock: HandClock, wrong: int
) -> None:
    report(administrator, machine, 500, NOW - 60)
    clock.now = wrong
    ack = report(administrator, machine, 501, NOW + 2 * DAY_S)
    assert ack.server_time == 0  # no time is better than a wrong one: the machine keeps its own
    assert usage(context)[501] == (NOW + 2 * DAY_S, "trusted")
    assert kinds(context) == ["server_clock"]
    assert newest(context) == NOW
    clock.now = NOW + 2 * DAY_S + 60
    assert report(administrator, machine, 502, NOW + 2 * DAY_S).server_time == clock.now
    assert kinds(context) == []


def test_it_is_known_after_a_restart_in_1970(
    administrator: TestClient, machine: Machine, clock: HandClock, settings: Settings, app: FastAPI
) -> None:
    report(administrator, machine, 500, NOW - 60)
    app.state.context.close()
    clock.now = 30
    with TestClient(create_app(settings, clock), base_url=ORIGIN, headers={"Origin": ORIGIN}) as again:
        first = len(machine.entries) + 1
        machine.write(journal.DEBIT, 501, time=NOW + DAY_S)
        machine.write(journal.DEBIT, 502, clock=0, time=0)
        message = machine.report(first)
        assert machine.ack(message, post(again, message)).server_time == 0
        found = usage(again.app.state.context)  # type: ignore[attr-defined]
    assert found[501] == (NOW + DAY_S, "trusted")
    assert found[502] == (NOW, "estimated")  # not 1970


def test_a_server_that_never_knew_the_time_hands_out_none(
    administrator: TestClient, context: Context, machine: Machine, clock: HandClock
) -> None:
    clock.now = 1000
    assert report(administrator, machine, 500, NOW).server_time == 0
    assert kinds(context) == ["server_clock"]


def test_no_order_sets_a_clock_meanwhile(administrator: TestClient, machine: Machine, clock: HandClock) -> None:
    report(administrator, machine, 500, NOW - 60)
    assert administrator.post("/api/v1/machines/1/set-time", json={}).status_code == 201
    clock.now = NOW - DAY_S
    assert report(administrator, machine, 501, NOW).commands == []
    clock.now = NOW + 60
    (command,) = report(administrator, machine, 502, NOW).commands
    assert (command.kind, command.args) == (uplink.SET_TIME, [NOW + 60])


def test_a_small_correction_is_no_trouble_and_time_does_not_go_back(
    administrator: TestClient, context: Context, machine: Machine, clock: HandClock
) -> None:
    report(administrator, machine, 500, NOW - 60)
    clock.now = NOW - 30
    assert report(administrator, machine, 501, NOW - 60).server_time == NOW
    assert kinds(context) == []


def test_a_leap_into_the_far_future_is_for_a_person_to_confirm(
    administrator: TestClient, context: Context, machine: Machine, clock: HandClock
) -> None:
    report(administrator, machine, 500, NOW - 60)
    clock.now = NOW + LEAP_MAX_S + 1
    assert report(administrator, machine, 501, NOW).server_time == 0
    assert kinds(context) == ["server_clock"]
    assert newest(context) == NOW
    with transaction(context.engine) as session:
        service.confirm(session, clock.now)
    assert report(administrator, machine, 502, NOW).server_time == clock.now
    assert kinds(context) == []


def test_a_mad_machine_drags_nothing(
    administrator: TestClient, context: Context, machine: Machine, clock: HandClock
) -> None:
    """Neither while the server is sure, nor while it is not: its own debits are as wrong as itself, at most."""
    report(administrator, machine, 500, NOW - 60)
    report(administrator, machine, 501, NOW + 20 * DAY_S)
    assert usage(context)[501] == (NOW, "estimated")
    clock.now = NOW - DAY_S
    for credit in range(502, 510):
        report(administrator, machine, credit, 0xFFFFFFFF)
        report(administrator, machine, credit + 20, NOW + 20 * DAY_S)
    assert newest(context) == NOW
    assert {usage(context)[credit] for credit in range(502, 510)} == {(NOW, "estimated")}


def test_three_machines_that_agree_move_the_believed_time(
    administrator: TestClient, context: Context, machine: Machine, clock: HandClock
) -> None:
    """The server stands at a wrong time for days: those that kept the right one know how late it is at least."""
    others = [add_machine(context, Machine(number, key=bytes([number]) * 32), 1) for number in (2, 3)]
    report(administrator, machine, 500, NOW - 60)
    clock.now = NOW - 14 * DAY_S
    for place, one in enumerate((machine, *others)):
        assert newest(context) == NOW
        report(administrator, one, 510, NOW + 5 * DAY_S - place)
    assert newest(context) == NOW + 5 * DAY_S - 2


def test_a_push_tells_no_time_either(
    administrator: TestClient, context: Context, machine: Machine, clock: HandClock
) -> None:
    """SMS and service cards take the same door."""
    report(administrator, machine, 500, NOW - 60)
    for now, told in ((NOW - DAY_S, 0), (NOW + 60, NOW + 60)):
        clock.now = now
        with transaction(context.engine) as session:
            session.get_one(MachineRow, 1).sms_number = "+4915112345678"
            row = sms.push(session, context.keyring, 1, 50, clock.now, urgent=True)
            assert row is not None
            assert uplink.open_push(machine.key, row.body).server_time == told


def test_it_is_noticed_without_any_report(context: Context, machine: Machine, clock: HandClock) -> None:
    """And a clock that is ahead by years makes no machine silent."""
    watch.look(context)
    clock.now = NOW + LEAP_MAX_S + 1
    watch.look(context)
    watch.look(context)
    assert kinds(context) == ["server_clock"]
    clock.now = NOW + 60
    watch.look(context)
    assert kinds(context) == []


def test_a_person_confirms_the_clock(context: Context, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the command line, on the server: whoever can do that has its keyring, too."""
    with transaction(context.engine) as session:
        service.look(session, 4_000_000_000, {})
    monkeypatch.setenv("PERSCAN_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PERSCAN_KEYRING_PATH", str(settings.keyring_path))
    runner = CliRunner()
    assert "unsure" in runner.invoke(cli, ["clock", "show"]).output
    assert runner.invoke(cli, ["clock", "confirm"]).exit_code == 0
    assert ", sure" in runner.invoke(cli, ["clock", "show"]).output


def test_the_command_says_in_words_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSCAN_PORT", "none")
    for command in ("show", "confirm"):
        answer = CliRunner().invoke(cli, ["clock", command])
        assert answer.exit_code == 1
        assert answer.output.startswith("bad_settings: PERSCAN_PORT")


# The rule alone.


@pytest.mark.parametrize(
    ("clock", "newest_time", "expected"),
    [
        (NOW, 0, Believed(NOW, sure=True)),
        (5, 0, Believed(EARLIEST_TIME, sure=False)),
        (NOW, NOW - 100, Believed(NOW, sure=True)),
        (NOW - BACK_MAX_S, NOW, Believed(NOW, sure=True)),
        (NOW - BACK_MAX_S - 1, NOW, Believed(NOW, sure=False)),
        (NOW + LEAP_MAX_S, NOW, Believed(NOW + LEAP_MAX_S, sure=True)),
        (NOW + LEAP_MAX_S + 1, NOW, Believed(NOW, sure=False)),
    ],
)
def test_what_a_clock_is_worth(clock: int, newest_time: int, expected: Believed) -> None:
    assert believe(clock, newest_time) == expected


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({}, NOW),
        ({1: NOW + 9, 2: NOW + 8}, NOW),
        ({1: NOW + 9, 2: NOW + 8, 3: NOW + 7}, NOW + 7),
        ({1: NOW + UNSURE_AHEAD_MAX_S + 1, 2: 0xFFFFFFFF, 3: NOW + 7, 4: NOW + 6}, NOW),
        ({1: NOW - 9, 2: NOW - 8, 3: NOW - 7}, NOW),
    ],
)
def test_what_witnesses_are_worth(shown: dict[int, int], expected: int) -> None:
    assert attested(shown, NOW, NOW) == expected


def test_a_league_of_machines_gets_so_far_and_no_further() -> None:
    newest_time = NOW
    for _ in range(20):
        shown = dict.fromkeys(range(3), newest_time + UNSURE_AHEAD_MAX_S) | dict.fromkeys(
            range(3, 6), newest_time + DAY_S
        )
        newest_time = attested(shown, newest_time, NOW)
    assert newest_time <= NOW + UNSURE_AHEAD_MAX_S
