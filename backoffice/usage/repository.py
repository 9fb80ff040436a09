"""Queries of the usage domain."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Integer, cast, func
from sqlmodel import Session, col, select

from backoffice.models import InDoubt, Machine, Usage
from backoffice.pagination import PageRequest
from backoffice.usage.schemas import GroupBy, UsageFilter

COLUMNS: dict[GroupBy, Any] = {
    GroupBy.DAY: col(Usage.day),
    GroupBy.INSTITUTION: col(Usage.institution_id),
    GroupBy.MACHINE: col(Usage.machine_id),
}


def page_of(
    session: Session, visible: Collection[int] | None, wanted: UsageFilter, page: PageRequest
) -> Sequence[Usage]:
    """Debits, latest first; those of one machine stay in the order of its journal, however late they arrive."""
    query = select(Usage).order_by(
        col(Usage.time).desc(), col(Usage.machine_id), col(Usage.epoch).desc(), col(Usage.seq).desc()
    )
    query = query.where(*_conditions(visible, wanted))
    return session.exec(query.offset(page.offset).limit(page.limit + 1)).all()


def counts(
    session: Session, visible: Collection[int] | None, by: GroupBy, wanted: UsageFilter, page: PageRequest
) -> list[tuple[Any, int, int]]:
    """How many debits and how many disputed ones, by day (latest first), institution or machine."""
    column = COLUMNS[by]
    query = select(column, func.count(), func.sum(cast(col(Usage.disputed), Integer)))
    query = query.where(*_conditions(visible, wanted)).group_by(column)
    query = query.order_by(column.desc() if by is GroupBy.DAY else column)
    rows = session.exec(query.offset(page.offset).limit(page.limit + 1)).all()
    return [(value, exams, disputed or 0) for value, exams, disputed in rows]


def in_doubt(session: Session, visible: Collection[int] | None, page: PageRequest) -> Sequence[InDoubt]:
    """Exams in doubt, oldest first."""
    query = select(InDoubt).order_by(col(InDoubt.received_at), col(InDoubt.machine_id), col(InDoubt.seq))
    if visible is not None:
        query = query.join(Machine).where(col(Machine.institution_id).in_(visible))
    return session.exec(query.offset(page.offset).limit(page.limit + 1)).all()


def _conditions(visible: Collection[int] | None, wanted: UsageFilter) -> list[Any]:
    found: list[Any] = []
    if visible is not None:
        found.append(col(Usage.institution_id).in_(visible))
    if wanted.first_day is not None:
        found.append(Usage.day >= wanted.first_day.isoformat())
    if wanted.last_day is not None:
        found.append(Usage.day <= wanted.last_day.isoformat())
    if wanted.institution_id is not None:
        found.append(Usage.institution_id == wanted.institution_id)
    if wanted.machine_id is not None:
        found.append(Usage.machine_id == wanted.machine_id)
    if wanted.disputed is not None:
        found.append(col(Usage.disputed).is_(wanted.disputed))
    return found
