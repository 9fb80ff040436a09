"""Every machine that falls silent raises an alert, however many there are, and whichever raised one before."""

from sqlalchemy import insert
from sqlmodel import Session, col, func, select

from backoffice.alerts import watch
from backoffice.alerts.kinds import Kind
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.models import Alert, Machine
from tests.host.backoffice.support import NOW, HandClock

INTERVAL_S = 3600
MANY = 2 * watch.MACHINES_AT_ONCE + 1


def register(context: Context, numbers: range) -> None:
    rows = [
        {"id": number, "name": f"Machine {number}", "role": "swipe", "epoch": 1, "registered_at": NOW}
        for number in numbers
    ]
    with transaction(context.engine) as session:
        session.connection().execute(insert(Machine), [{**row, "report_interval_s": INTERVAL_S} for row in rows])


def silent(session: Session) -> int:
    query = select(func.count()).where(Alert.kind == Kind.MACHINE_SILENT.value, col(Alert.cleared_at).is_(None))
    return session.exec(query).one()


def test_more_machines_than_are_taken_at_once_all_raise_an_alert(context: Context, clock: HandClock) -> None:
    register(context, range(1, MANY + 1))
    clock.now += 4 * INTERVAL_S
    watch.look(context)
    with transaction(context.engine) as session:
        assert silent(session) == MANY


def test_those_that_were_told_of_do_not_stand_in_the_way(context: Context, clock: HandClock) -> None:
    register(context, range(1, MANY + 1))
    clock.now += 4 * INTERVAL_S
    watch.look(context)
    register(context, range(MANY + 1, MANY + 2))
    watch.look(context)
    with transaction(context.engine) as session:
        assert silent(session) == MANY + 1
        assert session.exec(select(func.max(Alert.count))).one() == 1


def test_one_pass_is_short(context: Context, clock: HandClock) -> None:
    register(context, range(1, MANY + 1))
    clock.now += 4 * INTERVAL_S
    with transaction(context.engine) as session:
        told = [watch.raise_for_silent(session, context.broker, clock.now) for _ in range(4)]
    assert told == [watch.MACHINES_AT_ONCE, watch.MACHINES_AT_ONCE, 1, 0]
