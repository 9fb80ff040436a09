"""Exams: the list, and where each figure comes from."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from backoffice.errors import NotFound
from backoffice.web.page import DeskDep
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
from backoffice.web.wording import spoken

router = APIRouter(prefix="/usage", include_in_schema=False)


@router.get("")
def usage(
    desk: DeskDep,
    offset: OffsetDep,
    institution: OptionalNumber = None,
    machine: OptionalNumber = None,
    since: OptionalDay = None,
    until: OptionalDay = None,
) -> HTMLResponse:
    visible = desk.viewer.institution_ids
    place = places.institution_by_code(desk.session, visible, institution) if institution is not None else None
    if institution is not None and place is None:
        raise NotFound()
    wanted = ExamFilter(visible, place.id if place else None, machine, since=since, until=until)
    debits = exams.latest(desk.session, wanted, ROWS_A_PAGE + 1, offset)
    query = {"institution": institution, "machine": machine, "since": since, "until": until}
    return desk.page(
        "pages/usage.html",
        "usage",
        total=exams.count(desk.session, wanted),
        debits=debits[:ROWS_A_PAGE],
        pages=pager("/usage", offset, len(debits), **query),
        filtered=any(value is not None for value in query.values()),
        institution="" if institution is None else str(institution),
        institution_choices=institution_choices(desk),
        machine="" if machine is None else str(machine),
        machine_choices=machine_choices(desk),
        since=since.isoformat() if since else "",
        until=until.isoformat() if until else "",
    )


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
