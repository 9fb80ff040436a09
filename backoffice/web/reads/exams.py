"""Debits, counted and listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from backoffice.models import InDoubt, Institution, Machine, Usage
from backoffice.web.reads import AnySelect
from backoffice.web.views import DayCount, DebitRow, DoubtRow

DAY_S = 86400


@dataclass(frozen=True)
class ExamFilter:
    """Which debits. `visible` is the viewer's institutions (None: all of them). Both days are included."""

    visible: frozenset[int] | None
    institution_id: int | None = None
    machine_id: int | None = None
    batch: int | None = None
    since: date | None = None
    until: date | None = None
    not_after_s: int | None = None
    """Moment after which debits do not count: yesterday "until now"."""

    def between(self, since: date, until: date) -> "ExamFilter":
        return replace(self, since=since, until=until)

    def until_moment(self, moment: int) -> "ExamFilter":
        return replace(self, not_after_s=moment)


def count(session: Session, wanted: ExamFilter) -> int:
    return int(session.scalar(_narrow(select(func.count()).select_from(Usage), wanted)) or 0)


def by_day(session: Session, wanted: ExamFilter, days: Sequence[date]) -> list[DayCount]:
    """One count for each of these days, also for those without an exam."""
    query = select(col(Usage.day), func.count()).group_by(col(Usage.day))
    rows = session.execute(_narrow(query, wanted.between(days[0], days[-1])))
    found: dict[str, int] = dict(iter(rows))
    return [DayCount(day, found.get(day.isoformat(), 0)) for day in days]


def by_institution(session: Session, wanted: ExamFilter, days: Sequence[date]) -> Mapping[int, list[int]]:
    """The counts of these days by institution id; institutions without an exam are left out."""
    query = select(col(Usage.institution_id), col(Usage.day), func.count()).group_by(
        col(Usage.institution_id), col(Usage.day)
    )
    places = {day.isoformat(): index for index, day in enumerate(days)}
    counts: dict[int, list[int]] = {}
    for institution_id, day, number in session.execute(_narrow(query, wanted.between(days[0], days[-1]))):
        if institution_id is not None:
            counts.setdefault(institution_id, [0] * len(days))[places[day]] = number
    return counts


def latest(session: Session, wanted: ExamFilter, limit: int, offset: int = 0) -> list[DebitRow]:
    """Debits, newest first."""
    query = _narrow(_rows(), wanted).order_by(col(Usage.time).desc(), col(Usage.id).desc())
    return [_debit(*row) for row in session.execute(query.offset(offset).limit(limit))]


def one(session: Session, visible: frozenset[int] | None, usage_id: int) -> tuple[DebitRow, Usage] | None:
    """One debit that the viewer may see."""
    found = session.execute(_narrow(_rows(), ExamFilter(visible)).where(col(Usage.id) == usage_id)).first()
    return (_debit(*found), found[0]) if found else None


def in_doubt(session: Session, visible: frozenset[int] | None, limit: int) -> list[DoubtRow]:
    """Exams of which only the beginning was reported, the longest waiting first."""
    query = (
        select(InDoubt, Machine, Institution)
        .join(Machine, col(Machine.id) == col(InDoubt.machine_id))
        .join(Institution, col(Institution.id) == col(Machine.institution_id), isouter=True)
        .order_by(col(InDoubt.received_at), col(InDoubt.machine_id), col(InDoubt.seq))
    )
    if visible is not None:
        query = query.where(col(Machine.institution_id).in_(visible))
    return [
        DoubtRow(machine.id, machine.name, place.name if place else "", doubt.batch, doubt.credit, doubt.received_at)
        for doubt, machine, place in session.execute(query.limit(limit))
    ]


def ids_by_entry(session: Session, machine_id: int, epoch: int, first_seq: int, last_seq: int) -> dict[int, int]:
    """The usage id of each debit among these journal entries."""
    query = select(col(Usage.seq), col(Usage.id)).where(
        col(Usage.machine_id) == machine_id,
        col(Usage.epoch) == epoch,
        col(Usage.seq).between(first_seq, last_seq),
    )
    return {seq: usage_id for seq, usage_id in session.execute(query) if usage_id is not None}


def last_days(today: date, days: int) -> list[date]:
    """The last so many days, today included, oldest first."""
    return [today - timedelta(days=ago) for ago in range(days - 1, -1, -1)]


def _rows() -> AnySelect:
    return (
        select(Usage, Machine, Institution)
        .join(Machine, col(Machine.id) == col(Usage.machine_id))
        .join(Institution, col(Institution.id) == col(Usage.institution_id), isouter=True)
    )


def _narrow(query: AnySelect, wanted: ExamFilter) -> AnySelect:
    if wanted.visible is not None:
        query = query.where(col(Usage.institution_id).in_(wanted.visible))
    if wanted.institution_id is not None:
        query = query.where(col(Usage.institution_id) == wanted.institution_id)
    if wanted.machine_id is not None:
        query = query.where(col(Usage.machine_id) == wanted.machine_id)
    if wanted.batch is not None:
        query = query.where(col(Usage.batch) == wanted.batch)
    if wanted.since is not None:
        query = query.where(col(Usage.day) >= wanted.since.isoformat())
    if wanted.until is not None:
        query = query.where(col(Usage.day) <= wanted.until.isoformat())
    if wanted.not_after_s is not None:
        query = query.where(col(Usage.time) <= wanted.not_after_s)
    return query


def _debit(usage: Usage, machine: Machine, institution: Institution | None) -> DebitRow:
    return DebitRow(
        id=usage.id or 0,
        time=usage.time,
        time_quality=usage.time_quality,
        institution=institution.name if institution else "",
        institution_code=institution.code if institution else None,
        machine=machine.name,
        machine_id=machine.id,
        batch=usage.batch,
        credit=usage.credit,
        disputed=usage.disputed,
        received_at=usage.received_at,
    )
