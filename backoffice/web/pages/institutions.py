"""Institutions: the list, and each one's own page."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from backoffice.errors import NotFound
from backoffice.web.page import DeskDep
from backoffice.web.pages.filters import DaysDep, NumberInPath, day_choices
from backoffice.web.pages.overview import LATEST_EXAMS, institution_rows, totals
from backoffice.web.reads import exams, places, stock
from backoffice.web.reads.exams import ExamFilter
from backoffice.web.reads.stock import CardFilter
from backoffice.web.views import Stock

router = APIRouter(prefix="/institutions", include_in_schema=False)


@router.get("")
def institutions(desk: DeskDep, days: DaysDep) -> HTMLResponse:
    rows = institution_rows(desk, exams.last_days(desk.formats.today, days))
    return desk.page(
        "pages/institutions.html",
        "institutions",
        days=days,
        day_choices=day_choices(desk, "/institutions"),
        institutions=rows,
        days_total=sum(row.count for row in rows),
    )


@router.get("/{code}")
def institution(desk: DeskDep, code: NumberInPath, days: DaysDep) -> HTMLResponse:
    found = places.institution_by_code(desk.session, desk.viewer.institution_ids, code)
    if found is None:
        raise NotFound()
    wanted = ExamFilter(desk.viewer.institution_ids, institution_id=found.id)
    by_day = exams.by_day(desk.session, wanted, exams.last_days(desk.formats.today, days))
    cards = CardFilter(None, institution_code=code)
    return desk.page(
        "pages/institution.html",
        "institutions",
        institution=found,
        days=days,
        day_choices=day_choices(desk, f"/institutions/{code}"),
        totals=totals(desk, wanted),
        by_day=by_day,
        days_total=sum(day.count for day in by_day),
        latest=exams.latest(desk.session, wanted, LATEST_EXAMS),
        machines=places.machines(desk.session, desk.viewer.institution_ids, desk.now, found.id),
        batches=stock.batches(desk.session, cards),
        stock=stock.stock_by_code(desk.session, cards, desk.formats.today).get(code, Stock(0, 0)),
    )
