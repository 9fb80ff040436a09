"""Institutions: the list, and each one's own page."""

from starlette.responses import HTMLResponse

from backoffice.days import Calendars, is_known
from backoffice.errors import NotFound
from backoffice.routing import Router
from backoffice.usage.wanted import Wanted
from backoffice.web.page import DeskDep
from backoffice.web.pages.filters import (
    ROWS_A_PAGE,
    DaysDep,
    NumberInPath,
    OptionalNumber,
    day_choices,
    name_pager,
)
from backoffice.web.pages.overview import LATEST_EXAMS, institution_rows, reach, totals
from backoffice.web.reads import exams, machines, places, stock, use
from backoffice.web.reads.machines import MachineFilter
from backoffice.web.reads.stock import CardFilter
from backoffice.web.views import Stock

MACHINES_SHOWN = 50

router = Router(prefix="/institutions", include_in_schema=False)


@router.get("")
def institutions(
    desk: DeskDep, days: DaysDep, after: OptionalNumber = None, before: OptionalNumber = None
) -> HTMLResponse:
    """By name, a page at a time; ``after`` and ``before`` are codes."""
    visible = desk.viewer.institution_ids
    clinics = use.calendars(desk.session, visible, desk.now)
    used = use.of_last(desk.session, Wanted(visible), clinics, days)
    shown = places.page_by_name(desk.session, visible, ROWS_A_PAGE, after, before)
    return desk.page(
        "pages/institutions.html",
        "institutions",
        days=days,
        day_choices=day_choices(desk, "/institutions"),
        institutions=institution_rows(desk, used, shown.rows, days),
        days_total=used.total(days),
        pages=name_pager("/institutions", shown.before, shown.after, days=days),
        all_of_them=len(clinics.clinics),
    )


@router.get("/{code}")
def institution(desk: DeskDep, code: NumberInPath, days: DaysDep) -> HTMLResponse:
    found = places.institution_by_code(desk.session, desk.viewer.institution_ids, code)
    if found is None:
        raise NotFound()
    wanted = Wanted(desk.viewer.institution_ids, institution_id=found.id)
    clinics = Calendars({found.id or 0: found.timezone}, desk.now)
    used = use.of_last(desk.session, wanted, clinics, reach(days))
    cards = CardFilter(None, institution_code=code)
    here = MachineFilter(desk.viewer.institution_ids, institution_id=found.id)
    return desk.page(
        "pages/institution.html",
        "institutions",
        institution=found,
        zone_known=is_known(found.timezone),
        days=days,
        day_choices=day_choices(desk, f"/institutions/{code}"),
        totals=totals(used),
        by_day=used.by_day(days),
        days_total=used.total(days),
        latest=exams.latest(desk.session, wanted, LATEST_EXAMS),
        machines=machines.worst(desk.session, here, desk.now, MACHINES_SHOWN),
        batches=stock.batches(desk.session, cards),
        stock=stock.stock_by_code(desk.session, [code], desk.now).get(code, Stock(0)),
    )
