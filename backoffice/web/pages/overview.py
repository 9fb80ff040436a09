"""The first page: how much is used, by whom, and what needs a person."""

from collections.abc import Iterable

from starlette.responses import HTMLResponse

from backoffice.models import Institution
from backoffice.routing import Router
from backoffice.usage.wanted import Wanted
from backoffice.web.page import Desk, DeskDep
from backoffice.web.pages.filters import DaysDep, day_choices
from backoffice.web.reads import alarms, exams, machines, places, use
from backoffice.web.reads.machines import MachineFilter
from backoffice.web.reads.use import Use
from backoffice.web.views import InstitutionRow, Total
from backoffice.web.wording import ALERTS, spoken

router = Router(include_in_schema=False)

LATEST_EXAMS = 8
ALERTS_SHOWN = 5
MACHINES_SHOWN = 8
INSTITUTIONS_SHOWN = 10
TOTAL_DAYS = (1, 7, 30)
EXPECTED = ("present", "late", "silent", "never")


@router.get("/")
def overview(desk: DeskDep, days: DaysDep) -> HTMLResponse:
    visible = desk.viewer.institution_ids
    wanted = Wanted(visible)
    used = use.of_last(desk.session, wanted, use.calendars(desk.session, visible, desk.now), reach(days))
    by_day = used.by_day(days)
    mine = MachineFilter(visible)
    busiest = places.ranked(desk.session, used.clinics.clinics, lambda number: sum(used.of(number, days)))
    return desk.page(
        "pages/overview.html",
        "overview",
        days=days,
        day_choices=day_choices(desk, "/"),
        totals=totals(used),
        by_day=by_day,
        days_total=used.total(days),
        institutions=institution_rows(desk, used, places.by_ids(desk.session, busiest[:INSTITUTIONS_SHOWN]), days),
        institutions_more=len(busiest[INSTITUTIONS_SHOWN:]),
        latest=exams.latest(desk.session, wanted, LATEST_EXAMS),
        machines=machines.worst(desk.session, mine, desk.now, MACHINES_SHOWN).rows,
        presence=_presence(machines.by_presence(desk.session, mine, desk.now)),
        alerts=alarms.listed(desk.session, visible, "open", ALERTS_SHOWN).rows,
        alert_titles=spoken(desk.words, ALERTS),
    )


def reach(days: int) -> int:
    """How many days the totals and the chart look back together."""
    return max(days, *TOTAL_DAYS)


def totals(used: Use) -> list[Total]:
    """Today, a week, a month; each against the same stretch before it: today against yesterday until this hour."""
    return [Total(f"days-{days}", days, used.total(days), used.before(days)) for days in TOTAL_DAYS]


def institution_rows(desk: Desk, used: Use, institutions: Iterable[Institution], days: int) -> list[InstitutionRow]:
    """These institutions with their exams of these days."""
    standing = places.machines_by_institution(desk.session)
    return [_row(institution, used, standing.get(institution.id or 0, 0), days) for institution in institutions]


def _row(institution: Institution, used: Use, machines: int, days: int) -> InstitutionRow:
    by_day = used.of(institution.id or 0, days)
    return InstitutionRow(
        code=institution.code,
        name=institution.name,
        city=institution.city,
        active=institution.active,
        count=sum(by_day),
        before=used.before_of(institution.id or 0, days),
        days=by_day,
        machines=machines,
    )


def _presence(counts: dict[str, int]) -> dict[str, int]:
    """Of the machines that should report, those that do."""
    return {"expected": sum(counts.get(word, 0) for word in EXPECTED), "present": counts.get("present", 0)}
