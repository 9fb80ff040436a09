"""Short messages, in and out: what came of each, and what they cost."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import HTMLResponse

from backoffice.accounts.access import RequireRole
from backoffice.accounts.roles import Role
from backoffice.clock import zone
from backoffice.deps import ContextDep
from backoffice.pagination import Cursor, cursor_text
from backoffice.routing import Router
from backoffice.sms import service
from backoffice.sms.repository import Traffic
from backoffice.sms.schemas import Direction, SmsDay, SmsRead
from backoffice.web.page import Desk, DeskDep
from backoffice.web.pages.filters import (
    ROWS_A_PAGE,
    OlderSmsDep,
    OptionalDay,
    OptionalNumber,
    machine_choices,
)
from backoffice.web.reads import machines
from backoffice.web.sms_wording import ERRORS, KINDS, PLATFORMS, STATES
from backoffice.web.views import Choice, Pager, SmsTotals, address
from backoffice.web.wording import spoken, spoken_pairs

router = Router(prefix="/sms", include_in_schema=False, dependencies=[Depends(RequireRole(Role.ISSUER, Role.INVESTOR))])

DAYS_COUNTED = 7


@router.get("")
def sms(
    desk: DeskDep,
    context: ContextDep,
    older_than: OlderSmsDep,
    direction: Annotated[str, Query(pattern="^(in|out)?$")] = "",
    machine: OptionalNumber = None,
    state: Annotated[str, Query(max_length=16)] = "",
    since: OptionalDay = None,
    until: OptionalDay = None,
) -> HTMLResponse:
    here = zone(desk.zone_name)
    wanted = Traffic(
        direction=Direction(direction) if direction else None,
        machine_id=machine,
        state=state or None,
        since=_start(since, here) if since else None,
        until=_start(until + timedelta(days=1), here) if until else None,
    )
    rows = service.traffic(desk.session, wanted, ROWS_A_PAGE + 1, older_than)
    query = {"direction": direction, "machine": machine, "state": state, "since": since, "until": until}
    return desk.page(
        "pages/sms.html",
        "sms",
        rows=rows[:ROWS_A_PAGE],
        pages=_pager(older_than, rows, query),
        filtered=any(value not in ("", None) for value in query.values()),
        totals=_totals(
            service.days(desk.session, desk.now, DAYS_COUNTED, shift_s=_shift_s(here, desk.now), machine_id=machine)
        ),
        days_counted=DAYS_COUNTED,
        machine_names=machines.names_of(desk.session, {row.machine_id for row in rows if row.machine_id is not None}),
        platform=context.settings.sms_platform,
        own_number=context.settings.sms_number,
        states=spoken_pairs(desk.words, STATES),
        kinds=spoken(desk.words, KINDS),
        errors=spoken(desk.words, ERRORS),
        platforms=spoken(desk.words, PLATFORMS),
        direction=direction,
        direction_choices=_direction_choices(desk),
        machine="" if machine is None else str(machine),
        machine_choices=machine_choices(desk, machine),
        state=state,
        state_choices=_state_choices(desk),
        since=since.isoformat() if since else "",
        until=until.isoformat() if until else "",
    )


def _pager(older_than: Cursor | None, rows: Sequence[SmsRead], query: Mapping[str, object]) -> Pager:
    more = len(rows) > ROWS_A_PAGE
    return Pager(
        before=address("/sms", **query) if older_than else "",
        after=address("/sms", **query, older_than=cursor_text(service.place(rows[ROWS_A_PAGE - 1]))) if more else "",
    )


def _totals(days: list[SmsDay]) -> SmsTotals:
    return SmsTotals(
        received=sum(day.received for day in days),
        refused=sum(day.refused for day in days),
        sent=sum(day.sent for day in days),
        parts=sum(day.parts for day in days),
        delivered=sum(day.delivered for day in days),
        failed=sum(day.failed for day in days),
    )


def _start(day: date, here: tzinfo) -> int:
    return int(datetime.combine(day, time(), here).timestamp())


def _shift_s(here: tzinfo, now: int) -> int:
    offset = datetime.fromtimestamp(now, here).utcoffset() or timedelta()
    return int(offset.total_seconds())


def _direction_choices(desk: Desk) -> list[Choice]:
    say = desk.words.gettext
    return [Choice(say("Both directions"), ""), Choice(say("From machines"), "in"), Choice(say("To machines"), "out")]


def _state_choices(desk: Desk) -> list[Choice]:
    say = desk.words.gettext
    return [Choice(say("All"), ""), *(Choice(say(words), state) for state, (_tone, words) in STATES.items())]
