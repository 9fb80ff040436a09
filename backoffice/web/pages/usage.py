"""Exams: the list, and where each figure comes from."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import date

from anyio import to_thread
from starlette.responses import HTMLResponse, StreamingResponse

from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.deps import ContextDep
from backoffice.errors import NotFound
from backoffice.models import Institution
from backoffice.routing import Router
from backoffice.usage import repository as counters
from backoffice.usage.wanted import Wanted
from backoffice.web.page import Desk, DeskDep
from backoffice.web.pages.filters import (
    DAY_CHOICES,
    ROWS_A_PAGE,
    NewerDep,
    NumberInPath,
    OlderDep,
    OptionalDay,
    OptionalDays,
    OptionalNumber,
    cursor_pager,
    institution_choices,
    machine_choices,
)
from backoffice.web.provenance import STEP_NAMES, STEP_UNKNOWN, trail_of
from backoffice.web.reads import exams, places, use
from backoffice.web.spreadsheet import spreadsheet
from backoffice.web.views import Choice, DebitRow, address
from backoffice.web.wording import spoken

router = Router(prefix="/usage", include_in_schema=False)

FILE_BATCH_ROWS = 1000


@router.get("")
def usage(
    desk: DeskDep,
    older_than: OlderDep,
    newer_than: NewerDep,
    institution: OptionalNumber = None,
    machine: OptionalNumber = None,
    last: OptionalDays = None,
    since: OptionalDay = None,
    until: OptionalDay = None,
) -> HTMLResponse:
    wanted = _wanted(desk, institution, machine, last, since, until)
    shown = exams.page_of(desk.session, wanted, ROWS_A_PAGE, older_than, newer_than)
    query = {"institution": institution, "machine": machine, "last": last, "since": since, "until": until}
    return desk.page(
        "pages/usage.html",
        "usage",
        total=counters.total(desk.session, wanted),
        debits=shown.rows,
        file=address("/usage.csv", **query),
        pages=cursor_pager("/usage", shown.newer_than, shown.older_than, **query),
        filtered=any(value is not None for value in query.values()),
        institution="" if institution is None else str(institution),
        institution_choices=institution_choices(desk, institution),
        machine="" if machine is None else str(machine),
        machine_choices=machine_choices(desk, machine, institution),
        last="" if last is None else str(last),
        last_choices=_last_choices(desk, last),
        since=since.isoformat() if since else "",
        until=until.isoformat() if until else "",
    )


@router.get(".csv")
def usage_file(
    desk: DeskDep,
    context: ContextDep,
    institution: OptionalNumber = None,
    machine: OptionalNumber = None,
    last: OptionalDays = None,
    since: OptionalDay = None,
    until: OptionalDay = None,
) -> StreamingResponse:
    """The same exams as a file for a spreadsheet: all of those that were stored when it was asked for."""
    wanted = _wanted(desk, institution, machine, last, since, until)
    wanted = replace(wanted, newest_id=counters.highest_id(desk.session))
    headers = {"content-disposition": 'attachment; filename="exams.csv"', "cache-control": "no-store"}
    pieces = spreadsheet(in_batches(context, wanted), desk.formats)
    return StreamingResponse(_in_turns(context, pieces), media_type="text/csv; charset=utf-8", headers=headers)


def in_batches(context: Context, wanted: Wanted) -> Iterator[Sequence[DebitRow]]:
    """Each batch in a short read of its own: who takes the file slowly holds no connection, no lock and no log."""
    place = None
    while True:
        with transaction(context.engine, READ) as session:
            found = exams.page_of(session, wanted, FILE_BATCH_ROWS, older_than=place)
        yield found.rows
        place = found.older_than
        if place is None:
            return


async def _in_turns(context: Context, pieces: Iterator[str]) -> AsyncIterator[str]:
    """A piece is made when the one before was taken, and a few of all files at a time."""
    while (piece := await to_thread.run_sync(next, pieces, None, limiter=context.file_makers)) is not None:
        yield piece


def _wanted(
    desk: Desk,
    institution: int | None,
    machine: int | None,
    last: int | None,
    since: date | None,
    until: date | None,
) -> Wanted:
    visible = desk.viewer.institution_ids
    place = None if institution is None else _institution(desk, institution)
    wanted = Wanted(visible, place.id if place else None, machine, since, until)
    if last is None:
        return wanted
    clinics = use.calendars(desk.session, visible, desk.now)
    return replace(wanted, spans=(clinics.only([place.id or 0]) if place else clinics).spans(last))


def _institution(desk: Desk, code: int) -> Institution:
    place = places.institution_by_code(desk.session, desk.viewer.institution_ids, code)
    if place is None:
        raise NotFound()
    return place


def _last_choices(desk: Desk, chosen: int | None) -> list[Choice]:
    plural = desk.words.ngettext
    offered = sorted({*DAY_CHOICES, *([chosen] if chosen and chosen > 1 else [])})
    return [
        Choice(desk.words.gettext("Any day"), ""),
        Choice(desk.words.gettext("Today"), "1"),
        *(Choice(plural("Last %(num)s day", "Last %(num)s days", days) % {"num": days}, str(days)) for days in offered),
    ]


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
