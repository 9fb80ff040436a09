"""Exams: the list, and where each figure comes from."""

from datetime import date

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from backoffice.errors import NotFound
from backoffice.web.page import Desk, DeskDep
from backoffice.web.pages.filters import (
    ROWS_A_PAGE,
    NumberInPath,
    OffsetDep,
    OptionalDay,
    OptionalNumber,
    institution_choices,
    machine_choices,
    pager,
)
from backoffice.web.provenance import STEP_NAMES, STEP_UNKNOWN, trail_of
from backoffice.web.reads import exams, places
from backoffice.web.reads.exams import ExamFilter
from backoffice.web.spreadsheet import spreadsheet
from backoffice.web.views import address
from backoffice.web.wording import spoken

router = APIRouter(prefix="/usage", include_in_schema=False)

FILE_ROWS_MAX = 100_000


@router.get("")
def usage(
    desk: DeskDep,
    offset: OffsetDep,
    institution: OptionalNumber = None,
    machine: OptionalNumber = None,
    since: OptionalDay = None,
    until: OptionalDay = None,
) -> HTMLResponse:
    wanted = _wanted(desk, institution, machine, since, until)
    debits = exams.latest(desk.session, wanted, ROWS_A_PAGE + 1, offset)
    query = {"institution": institution, "machine": machine, "since": since, "until": until}
    return desk.page(
        "pages/usage.html",
        "usage",
        total=exams.count(desk.session, wanted),
        debits=debits[:ROWS_A_PAGE],
        file=address("/usage.csv", **query),
        pages=pager("/usage", offset, len(debits), **query),
        filtered=any(value is not None for value in query.values()),
        institution="" if institution is None else str(institution),
        institution_choices=institution_choices(desk),
        machine="" if machine is None else str(machine),
        machine_choices=machine_choices(desk),
        since=since.isoformat() if since else "",
        until=until.isoformat() if until else "",
    )


@router.get(".csv")
def usage_file(
    desk: DeskDep,
    institution: OptionalNumber = None,
    machine: OptionalNumber = None,
    since: OptionalDay = None,
    until: OptionalDay = None,
) -> Response:
    """The same exams as a file for a spreadsheet."""
    wanted = _wanted(desk, institution, machine, since, until)
    rows = exams.latest(desk.session, wanted, FILE_ROWS_MAX)
    headers = {"content-disposition": 'attachment; filename="exams.csv"', "cache-control": "no-store"}
    return Response(spreadsheet(rows, desk.formats), media_type="text/csv; charset=utf-8", headers=headers)


def _wanted(
    desk: Desk, institution: int | None, machine: int | None, since: date | None, until: date | None
) -> ExamFilter:
    visible = desk.viewer.institution_ids
    if institution is None:
        return ExamFilter(visible, None, machine, since=since, until=until)
    place = places.institution_by_code(desk.session, visible, institution)
    if place is None:
        raise NotFound()
    return ExamFilter(visible, place.id, machine, since=since, until=until)


@router.get("/{usage_id}")
def debit(desk: DeskDep, usage_id: NumberInPath) -> HTMLResponse:
    found = exams.one(desk.session, desk.viewer.institution_ids, usage_id)
    if found is None:
        raise NotFound()
    row, stored = found
    return desk.page(
        "pages/debit.html",
        "usage",
        debit=row,
        trail=trail_of(desk, row, stored),
        step_names=spoken(desk.words, STEP_NAMES),
        step_unknown=spoken(desk.words, STEP_UNKNOWN),
    )
