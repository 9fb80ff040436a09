"""What one machine's short messages cost and replace is its own: another at the same clinic loses nothing by it."""

import asyncio

import pytest
from fastapi import FastAPI
from protocol import uplink

from backoffice.accounts.roles import Role
from backoffice.commands import service as commands
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.errors import SmsPlatformUnreachable
from backoffice.models import SmsOut
from backoffice.sms import worker
from backoffice.sms.schemas import OutKind
from tests.host.backoffice.machines import Machine, add_machine
from tests.host.backoffice.sms.support import NUMBER, OTHER_NUMBER, Counter, Forwarder, going, work
from tests.host.backoffice.support import HandClock, log_in, make_user


@pytest.fixture
def other(context: Context, machine: Machine) -> Machine:
    return add_machine(context, Machine(2, key=b"q" * 32), 1)


def push(context: Context, machine_id: int) -> SmsOut | None:
    with transaction(context.engine) as session:
        return context.sms.push(session, machine_id, urgent=True)


def report_by_sms(forwarder: Forwarder, machine: Machine, number: str) -> None:
    machine.exam(500 + len(machine.entries) // 4)
    assert forwarder.hand_in(machine.report(), number).json()["state"] == "taken"


def test_what_waits_for_one_machine_is_replaced_by_its_own_messages_alone(
    context: Context, machine: Machine, other: Machine, forwarder: Forwarder
) -> None:
    report_by_sms(forwarder, machine, NUMBER)
    report_by_sms(forwarder, other, OTHER_NUMBER)
    push(context, 1)
    push(context, 2)
    assert [(row.machine_id, row.kind, row.state) for row in going(context)] == [
        (1, "ack", "queued"),
        (2, "ack", "queued"),
        (1, "push", "queued"),
        (2, "push", "queued"),
    ]


def test_the_cap_of_one_machine_is_not_anothers(
    context: Context, machine: Machine, other: Machine, forwarder: Forwarder
) -> None:
    context.sms.settings = context.sms.settings.model_copy(update={"sms_per_machine_day": 1})
    report_by_sms(forwarder, machine, NUMBER)
    report_by_sms(forwarder, other, OTHER_NUMBER)
    assert [(row.machine_id, row.error) for row in going(context)] == [(1, ""), (2, "")]


def test_a_push_beyond_the_cap_takes_no_order_along(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    """It is not sent: what it would have carried goes with the next answer, and is not called sent."""
    context.sms.settings = context.sms.settings.model_copy(update={"sms_per_machine_day": 1})
    report_by_sms(forwarder, machine, NUMBER)
    with transaction(context.engine) as session:
        wanted = commands.order_by_system(session, 1, uplink.REVOKE_BATCH, [70], context.clock())
    row = push(context, 1)
    assert row is not None
    assert (row.state, row.error) == ("expired", "sms_cap_reached")
    with transaction(context.engine) as session:
        found = session.merge(wanted)
        session.refresh(found)
        assert (found.state, found.sent_count) == ("queued", 0)


def test_what_was_replaced_before_it_was_sent_costs_nothing(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    context.sms.settings = context.sms.settings.model_copy(update={"sms_per_machine_day": 1})
    counter.trouble = SmsPlatformUnreachable()
    for _ in range(3):
        report_by_sms(forwarder, machine, NUMBER)
        work(context)
    assert [row.error for row in going(context)] == ["sms_superseded", "sms_superseded", "sms_platform_unreachable"]


def test_a_push_is_worth_sending_for_longer_than_an_answer(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
) -> None:
    counter.trouble = SmsPlatformUnreachable()
    report_by_sms(forwarder, machine, NUMBER)
    push(context, 1)
    clock.now += worker.LIFETIME_S[OutKind.ACK] + 1
    work(context)
    assert [(row.kind, row.state) for row in going(context)] == [("ack", "expired"), ("push", "queued")]
    clock.now += worker.LIFETIME_S[OutKind.PUSH]
    work(context)
    assert [(row.kind, row.state) for row in going(context)] == [("ack", "expired"), ("push", "expired")]


def test_a_recorded_report_is_listed_at_its_machine(
    app: FastAPI, context: Context, machine: Machine, other: Machine, forwarder: Forwarder
) -> None:
    """Whoever looks at a machine's traffic sees that somebody plays its reports again."""
    report_by_sms(forwarder, machine, NUMBER)
    forwarder.hand_in(machine.report(), OTHER_NUMBER)
    make_user(context, "admin", Role.ADMINISTRATOR)
    administrator = log_in(app, "admin")
    query: dict[str, str | int] = {"direction": "in", "machine_id": 1}
    found = administrator.get("/api/v1/sms", params=query).json()["items"]
    assert [(row["number"], row["state"], row["error"]) for row in found] == [
        (OTHER_NUMBER, "refused", "sms_replayed"),
        (NUMBER, "taken", ""),
    ]
    assert administrator.get("/api/v1/sms", params=query | {"machine_id": 2}).json()["items"] == []


def test_days_are_counted_for_one_machine_or_for_all(
    app: FastAPI, context: Context, machine: Machine, other: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    report_by_sms(forwarder, machine, NUMBER)
    report_by_sms(forwarder, other, OTHER_NUMBER)
    forwarder.hand_in(b"spam")
    work(context)
    counter.trouble = SmsPlatformUnreachable()
    report_by_sms(forwarder, other, OTHER_NUMBER)
    make_user(context, "admin", Role.ADMINISTRATOR)
    administrator = log_in(app, "admin")
    for query, figures in (({}, (4, 1, 2, 2)), ({"machine_id": 1}, (1, 0, 1, 1)), ({"machine_id": 2}, (2, 0, 1, 1))):
        (day,) = administrator.get("/api/v1/sms/days", params=query).json()
        assert (day["received"], day["refused"], day["sent"], day["parts"]) == figures, query


def test_lists_end_before_their_last_moment(
    app: FastAPI, context: Context, machine: Machine, forwarder: Forwarder, clock: HandClock
) -> None:
    report_by_sms(forwarder, machine, NUMBER)
    make_user(context, "admin", Role.ADMINISTRATOR)
    administrator = log_in(app, "admin")
    for until, count in ((clock.now, 0), (clock.now + 1, 2)):
        assert len(administrator.get("/api/v1/sms", params={"until": until}).json()["items"]) == count


def test_an_answer_goes_where_the_question_came_from(
    context: Context, machine: Machine, other: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    """The same bytes from another number are another SMS, even if they come while the first is being answered."""
    machine.exam(500)
    asyncio.run(context.ingest.take(report := machine.report()))
    for number in (NUMBER, OTHER_NUMBER):
        assert forwarder.hand_in(report, number).json()["state"] == "taken"
    work(context)
    assert [number for number, _data, _reference in counter.got] == [NUMBER, OTHER_NUMBER]
