"""Short messages, in and out: what came of each, and what they cost."""

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse

from backoffice.accounts.access import RequireRole
from backoffice.accounts.roles import Role
from backoffice.clock import zone
from backoffice.deps import ContextDep
from backoffice.pagination import PageRequest
from backoffice.sms import service
from backoffice.sms.schemas import Direction, SmsDay
from backoffice.web.page import Desk, DeskDep
from backoffice.web.pages.filters import (
    ROWS_A_PAGE,
    OffsetDep,
    OptionalDay,
    OptionalNumber,
    machine_choices,
    pager,
)
from backoffice.web.reads import places
from backoffice.web.sms_wording import ERRORS, KINDS, PLATFORMS, STATES
from backoffice.web.views import Choice, SmsTotals
from backoffice.web.wording import spoken, spoken_pairs

router = APIRouter(
    prefix="/sms", include_in_schema=False, dependencies=[Depends(RequireRole(Role.ISSUER, Role.INVESTOR))]
)

DAYS_COUNTED = 7


@router.get("")
def sms(
    desk: DeskDep,
    context: ContextDep,
    offset: OffsetDep,
    direction: Annotated[str, Query(pattern="^(in|out)?$")] = "",
    machine: OptionalNumber = None,
    state: Annotated[str, Query(max_length=16)] = "",
    since: OptionalDay = None,
    until: OptionalDay = None,
) -> HTMLResponse:
    here = zone(desk.zone_name)
    rows = service.traffic(
        desk.session,
        PageRequest(limit=ROWS_A_PAGE, offset=offset),
        direction=Direction(direction) if direction else None,
        machine_id=machine,
        state=state or None,
        since=_start(since, here) if since else None,
        until=_start(until + timedelta(days=1), here) if until else None,
    )
    query = {"direction": direction, "machine": machine, "state": state, "since": since, "until": until}
    return desk.page(
        "pages/sms.html",
        "sms",
        rows=rows[:ROWS_A_PAGE],
        pages=pager("/sms", offset, len(rows), **query),
        filtered=any(value not in ("", None) for value in query.values()),
        totals=_totals(
            service.days(desk.session, desk.now, DAYS_COUNTED, shift_s=_shift_s(here, desk.now), machine_id=machine)
        ),
        days_counted=DAYS_COUNTED,
        machine_names={row.id: row.name for row in places.machines(desk.session, None, desk.now)},
        platform=context.settings.sms_platform,
        own_number=context.settings.sms_number,
        states=spoken_pairs(desk.words, STATES),
        kinds=spoken(desk.words, KINDS),
        errors=spoken(desk.words, ERRORS),
        platforms=spoken(desk.words, PLATFORMS),
        direction=direction,
        direction_choices=_direction_choices(desk),
        machine="" if machine is None else str(machine),
        machine_choices=machine_choices(desk),
        state=state,
        state_choices=_state_choices(desk),
        since=since.isoformat() if since else "",
        until=until.isoformat() if until else "",
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
