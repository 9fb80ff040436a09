"""Usage: what was debited where and when."""

from collections.abc import Sequence

from sqlmodel import Session

from backoffice.accounts.roles import Viewer
from backoffice.errors import InvalidCursor
from backoffice.models import InDoubt, Usage
from backoffice.pagination import Cursor, CursorRequest
from backoffice.usage import repository
from backoffice.usage.repository import Group
from backoffice.usage.schemas import GroupBy, UsageFilter
from backoffice.usage.wanted import Wanted

DAYS_MAX = 3_652_059
"""9999-12-31 as a proleptic ordinal: the last day there is."""


def page_of(session: Session, viewer: Viewer, asked: UsageFilter, page: CursorRequest) -> Sequence[Usage]:
    """The debits that the viewer may see, latest first; one more than the page holds, if there is one."""
    found = repository.keys(session, _wanted(viewer, asked), page.limit + 1, older_than=page.after(2))
    rows = repository.by_ids(session, (number for _time, number in found))
    return [rows[number] for _time, number in found]


def place_of(usage: Usage) -> Cursor:
    """Where a debit is in that list."""
    return usage.time, usage.id or 0


def counts(session: Session, viewer: Viewer, by: GroupBy, asked: UsageFilter, page: CursorRequest) -> list[Group]:
    """How many exams that the viewer may see, by day, institution or machine."""
    after = page.after(1)
    if after and by is GroupBy.DAY and not 1 <= after[0] <= DAYS_MAX:
        raise InvalidCursor()
    return repository.groups(session, by, _wanted(viewer, asked), page.limit + 1, after)[: page.limit + 1]


def in_doubt(session: Session, viewer: Viewer, page: CursorRequest) -> Sequence[InDoubt]:
    """Exams in doubt that the viewer may see, oldest first."""
    visible = viewer.institution_ids
    machines = None if visible is None else repository.machines_in_doubt(session, visible)
    return repository.in_doubt(session, machines, page.limit + 1, page.after(3))


def place_in_doubt(row: InDoubt) -> Cursor:
    """Where an exam in doubt is in that list."""
    return row.received_at, row.machine_id, row.credit


def _wanted(viewer: Viewer, asked: UsageFilter) -> Wanted:
    return Wanted(
        viewer.institution_ids,
        institution_id=asked.institution_id,
        machine_id=asked.machine_id,
        since=asked.first_day,
        until=asked.last_day,
        disputed=asked.disputed,
    )
