"""The first page: how much is used, by whom, and what needs a person."""

from collections.abc import Sequence
from datetime import date

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from backoffice.models import Institution
from backoffice.web.page import Desk, DeskDep
from backoffice.web.pages.filters import DaysDep, day_choices
from backoffice.web.reads import alarms, exams, places
from backoffice.web.reads.exams import ExamFilter
from backoffice.web.views import InstitutionRow, MachineRow, Total
from backoffice.web.wording import ALERTS, spoken

router = APIRouter(include_in_schema=False)

LATEST_EXAMS = 8
ALERTS_SHOWN = 5
MACHINES_SHOWN = 8
TOTAL_DAYS = (1, 7, 30)


@router.get("/")
def overview(desk: DeskDep, days: DaysDep) -> HTMLResponse:
    visible = desk.viewer.institution_ids
    wanted = ExamFilter(visible)
    shown_days = exams.last_days(desk.formats.today, days)
    by_day = exams.by_day(desk.session, wanted, shown_days)
    machines = places.machines(desk.session, visible, desk.now)
    return desk.page(
        "pages/overview.html",
        "overview",
        days=days,
        day_choices=day_choices(desk, "/"),
        totals=totals(desk, wanted),
        by_day=by_day,
        days_total=sum(day.count for day in by_day),
        institutions=institution_rows(desk, shown_days),
        latest=exams.latest(desk.session, wanted, LATEST_EXAMS),
        machines=machines[:MACHINES_SHOWN],
        presence=_presence(machines),
        alerts=alarms.listed(desk.session, visible, "open", ALERTS_SHOWN),
        alert_titles=spoken(desk.words, ALERTS),
    )


def totals(desk: Desk, wanted: ExamFilter) -> list[Total]:
    """Today, a week, a month; each against the same stretch before it: today against yesterday until this hour."""
    return [_total(desk, wanted, days) for days in TOTAL_DAYS]


def _total(desk: Desk, wanted: ExamFilter, days: int) -> Total:
    now_days = exams.last_days(desk.formats.today, days)
    before_days = exams.last_days(desk.formats.today, 2 * days)[:days]
    before = wanted.between(before_days[0], before_days[-1]).until_moment(desk.now - days * exams.DAY_S)
    return Total(
        key=f"days-{days}",
        days=days,
        count=exams.count(desk.session, wanted.between(now_days[0], now_days[-1])),
        before=exams.count(desk.session, before),
    )


def institution_rows(desk: Desk, days: Sequence[date]) -> list[InstitutionRow]:
    """Every institution that the viewer may see with its exams of these days, the busiest first."""
    wanted = ExamFilter(desk.viewer.institution_ids)
    now = exams.by_institution(desk.session, wanted, days)
    same_moment = wanted.until_moment(desk.now - len(days) * exams.DAY_S)
    before = exams.by_institution(desk.session, same_moment, exams.last_days(days[0], len(days) + 1)[:-1])
    machines = places.machines_by_institution(desk.session)
    rows = [
        _row(institution, now.get(institution.id or 0, []), before.get(institution.id or 0, []), machines, len(days))
        for institution in places.institutions(desk.session, desk.viewer.institution_ids)
    ]
    return sorted(rows, key=lambda row: (-row.count, row.name))


def _row(
    institution: Institution, now: list[int], before: list[int], machines: dict[int, int], days: int
) -> InstitutionRow:
    return InstitutionRow(
        code=institution.code,
        name=institution.name,
        city=institution.city,
        active=institution.active,
        count=sum(now),
        before=sum(before),
        days=now or [0] * days,
        machines=machines.get(institution.id or 0, 0),
    )


def _presence(machines: Sequence[MachineRow]) -> dict[str, int]:
    expected = [machine for machine in machines if machine.role == "swipe" and machine.state == "active"]
    return {"expected": len(expected), "present": sum(machine.presence == "present" for machine in expected)}
