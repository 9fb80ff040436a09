"""The database cannot be written just now: nothing is lost by it, people are told later, and no work becomes unwell."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from backoffice import write_line
from backoffice.alerts import watch
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.models import Alert
from backoffice.sms import worker
from backoffice.sms.notice import Notice
from backoffice.sms.platform import Aside
from backoffice.supervision import Worker
from tests.host.backoffice.machines import Machine
from tests.host.backoffice.sms.support import NUMBER, Counter, Forwarder, coming, going, rows, work
from tests.host.backoffice.support import HandClock

Trouble = Callable[[Context], AbstractContextManager[None]]
ASIDE = Aside("half", "+861", "SM 3", "0791")


@contextmanager
def somebody_writes(context: Context) -> Iterator[None]:
    """The one turn in the line of writers is taken, and nobody waits for it."""
    with pytest.MonkeyPatch.context() as patch, transaction(context.engine) as session:
        patch.setattr(write_line, "OTHERS_WAIT_S", 0)
        session.execute(text("SELECT 1"))
        yield


@contextmanager
def tables_are_away(context: Context) -> Iterator[None]:
    names = ("sms_out", "sms_set_aside", "alert", "believed_time")
    with transaction(context.engine) as session:
        for name in names:
            session.execute(text(f"ALTER TABLE {name} RENAME TO {name}_away"))
    yield
    with transaction(context.engine) as session:
        for name in names:
            session.execute(text(f"ALTER TABLE {name}_away RENAME TO {name}"))


@pytest.fixture(params=[somebody_writes, tables_are_away])
def away(request: pytest.FixtureRequest) -> Trouble:
    trouble: Trouble = request.param
    return trouble


def test_a_delivery_report_is_shown_again(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, away: Trouble
) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    work(context)
    with away(context):
        assert context.sms.report("p1", NUMBER, delivered=True) is False
    assert context.sms.report("p1", NUMBER, delivered=True) is True
    assert going(context)[0].state == "delivered"


def test_what_was_not_set_aside_stays_in_the_modems_memory(context: Context, away: Trouble) -> None:
    with away(context):
        assert context.sms.set_aside(ASIDE) is False
    assert context.sms.set_aside(ASIDE) is True


def test_people_are_told_of_a_trouble_and_of_its_end_when_that_can_be_stored(context: Context, away: Trouble) -> None:
    def alerts() -> list[tuple[str, bool]]:
        return [(row.message, row.cleared_at is None) for row in rows(context, Alert) if isinstance(row, Alert)]

    notice, inbox = Notice("modem"), worker._Inbox(context.sms)
    with away(context):
        notice.say(inbox, "there is no usable SIM")
    assert alerts() == []
    notice.say(inbox, "there is no usable SIM")
    assert alerts() == [("there is no usable SIM", True)]
    with away(context):
        notice.say(inbox, "")
    assert alerts() == [("there is no usable SIM", True)]
    notice.say(inbox, "")
    assert alerts() == [("there is no usable SIM", False)]


WORK: dict[str, Callable[[Context, Worker], Awaitable[None]]] = {
    "watch_failed": watch.run,
    "sms_round_failed": lambda context, done_by: worker.run(context.sms, done_by),
}


@pytest.mark.parametrize("said", WORK)
def test_a_round_is_left_to_the_next_and_the_work_is_well(context: Context, away: Trouble, said: str) -> None:
    done_by = Worker("x")

    async def main() -> None:
        loop, heard = asyncio.get_running_loop(), asyncio.Event()

        def listen(_logger: object, _method: str, event: dict[str, object]) -> dict[str, object]:
            if event["event"] in (said, "work_failed"):
                loop.call_soon_threadsafe(heard.set)
            return event

        with capture_logs([listen]) as lines:  # type: ignore[list-item]
            task = done_by.start_task(lambda: WORK[said](context, done_by))
            await asyncio.wait_for(heard.wait(), 30)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert [line["event"] for line in lines] == [said]

    with away(context):
        asyncio.run(main())
    assert done_by.state.well


def test_one_whose_outcome_cannot_be_noted_is_decided_later(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
) -> None:
    """Not even that it is put off can be stored."""
    with transaction(context.engine) as session:
        session.execute(text("CREATE TRIGGER away BEFORE UPDATE ON sms_in BEGIN SELECT RAISE(ABORT, 'away'); END"))
    machine.exam(500)
    assert forwarder.hand_in(machine.report()).status_code >= 400
    clock.now += 120
    with capture_logs() as said:
        work(context)
    assert said == []  # no work_failed
    with transaction(context.engine) as session:
        session.execute(text("DROP TRIGGER away"))
    work(context)
    work(context)
    assert ([row.state for row in coming(context)], len(counter.got)) == (["taken"], 1)
