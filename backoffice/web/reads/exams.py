"""Debits, listed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from backoffice.days import FALLBACK, Calendar
from backoffice.models import InDoubt, Institution, Machine, Usage
from backoffice.pagination import Cursor
from backoffice.usage import repository
from backoffice.usage.wanted import Wanted
from backoffice.web.reads import AnySelect
from backoffice.web.reads.use import counted
from backoffice.web.views import DayCount, DebitRow, DoubtRow


@dataclass(frozen=True)
class Slice:
    """A part of the list, and where the rest of it is."""

    rows: Sequence[DebitRow]
    newer_than: Cursor | None = None
    """There are newer ones beyond this place; None: these are the newest."""
    older_than: Cursor | None = None
    """There are older ones beyond this place; None: these are the oldest."""


def page_of(
    session: Session, wanted: Wanted, limit: int, older_than: Cursor | None = None, newer_than: Cursor | None = None
) -> Slice:
    """Debits, newest first: the newest, or those on one side of a place in the list."""
    if newer_than is not None:
        nearest = repository.keys(session, wanted, limit + 1, newer_than=newer_than)
        if len(nearest) > limit:
            found = nearest[:limit][::-1]
            return Slice(_debits(session, found), newer_than=found[0], older_than=found[-1])
    found = repository.keys(session, wanted, limit + 1, older_than=older_than)
    shown = found[:limit]
    return Slice(
        _debits(session, shown),
        newer_than=shown[0] if older_than is not None and shown else None,
        older_than=shown[-1] if len(found) > limit else None,
    )


def latest(session: Session, wanted: Wanted, limit: int) -> Sequence[DebitRow]:
    """Debits, newest first."""
    return page_of(session, wanted, limit).rows


def by_day(session: Session, wanted: Wanted, calendar: Calendar, days: int) -> list[DayCount]:
    """One count for each of the last days of one calendar, also for those without an exam."""
    shown = calendar.last(days)
    found = repository.by_day(session, wanted.between(shown[0], shown[-1]))
    return counted(calendar.span(days), {day: found.get(day.isoformat(), 0) for day in shown})


def one(session: Session, visible: frozenset[int] | None, usage_id: int) -> tuple[DebitRow, Usage] | None:
    """One debit that the viewer may see."""
    found = session.execute(_rows().where(col(Usage.id) == usage_id)).first()
    if found is None or (visible is not None and found[0].institution_id not in visible):
        return None
    return _debit(*found), found[0]


def in_doubt(session: Session, visible: frozenset[int] | None, limit: int) -> list[DoubtRow]:
    """Exams of which only the beginning was reported, the longest waiting first."""
    machines = None if visible is None else repository.machines_in_doubt(session, visible)
    found = repository.in_doubt(session, machines, limit)
    query = select(Machine, Institution).join(
        Institution, col(Institution.id) == col(Machine.institution_id), isouter=True
    )
    places = {
        machine.id: (machine, place)
        for machine, place in session.execute(query.where(col(Machine.id).in_({row.machine_id for row in found})))
    }
    return [_doubt(row, *places[row.machine_id]) for row in found]


def in_doubt_count(session: Session, visible: frozenset[int] | None) -> int:
    """How many there are in all."""
    machines = None if visible is None else repository.machines_in_doubt(session, visible)
    return repository.in_doubt_count(session, machines)


def ids_by_entry(session: Session, machine_id: int, epoch: int, first_seq: int, last_seq: int) -> dict[int, int]:
    """The usage id of each debit among these journal entries."""
    query = select(col(Usage.seq), col(Usage.id)).where(
        col(Usage.machine_id) == machine_id,
        col(Usage.epoch) == epoch,
        col(Usage.seq).between(first_seq, last_seq),
    )
    return {seq: usage_id for seq, usage_id in session.execute(query) if usage_id is not None}


def _rows() -> AnySelect:
    return (
        select(Usage, Machine, Institution)
        .join(Machine, col(Machine.id) == col(Usage.machine_id))
        .join(Institution, col(Institution.id) == col(Usage.institution_id), isouter=True)
    )


def _debits(session: Session, places: Sequence[Cursor]) -> list[DebitRow]:
    """The rows at these places, in this order."""
    ids = [number for _time, number in places]
    found = {row[0].id: _debit(*row) for row in session.execute(_rows().where(col(Usage.id).in_(ids)))}
    return [found[number] for number in ids]


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
        day=usage.day,
        zone_name=institution.timezone if institution else FALLBACK,
        standing=usage.standing,
    )


def _doubt(row: InDoubt, machine: Machine, place: Institution | None) -> DoubtRow:
    return DoubtRow(machine.id, machine.name, place.name if place else "", row.batch, row.credit, row.received_at)
