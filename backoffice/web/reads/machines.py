"""Machines: filtered, sorted and paged by the database, so that none is out of reach.

Presence changes with every report and every minute. Where a list goes on from page to page it is therefore by name, and
presence is a filter; where only the first are shown, they are those that need a person.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, func, tuple_
from sqlmodel import Session, col, select

from backoffice.machines.schemas import MachineRole, MachineState
from backoffice.models import Institution, Machine
from backoffice.web.views import MachineRow

PRESENT_INTERVALS_MILLI = 1500
SILENT_INTERVALS_MILLI = 3000
WORST_FIRST = ("silent", "late", "never", "present", "desk", "locked", "retired")
"""Where only some machines are shown: what needs a person first."""


@dataclass(frozen=True)
class MachineFilter:
    """Which machines. `visible` is the viewer's institutions (None: all of them, and machines that belong to none)."""

    visible: frozenset[int] | None
    institution_id: int | None = None
    presence: str = ""
    role: str = ""


@dataclass(frozen=True)
class Machines:
    """A part of the list, how many there are in all, and whether there are others on either side. A place is a
    machine's number.
    """

    rows: Sequence[MachineRow]
    total: int
    before: int | None = None
    after: int | None = None


def worst(session: Session, wanted: MachineFilter, now: int, limit: int) -> Machines:
    """The viewer's machines, those first that need a person."""
    conditions = _conditions(wanted, now)
    rank = case({word: place for place, word in enumerate(WORST_FIRST)}, value=presence(now))
    query = _rows(now).where(*conditions).order_by(rank, col(Machine.name), col(Machine.id))
    return Machines(_read(session, query.limit(limit)), _count(session, conditions))


def page_by_name(
    session: Session, wanted: MachineFilter, now: int, limit: int, after: int | None = None, before: int | None = None
) -> Machines:
    """The viewer's machines by name: the first, or those on one side of a place in the list."""
    conditions = _conditions(wanted, now)
    total, query = _count(session, conditions), _rows(now).where(*conditions)
    if before is not None:
        found = _read(
            session, query.where(_place() < _place_of(before, wanted.visible)).order_by(*_backwards()).limit(limit + 1)
        )
        if len(found) > limit:
            rows = found[:limit][::-1]
            return Machines(rows, total, before=rows[0].id, after=rows[-1].id)
    elif after is not None:
        query = query.where(_place() > _place_of(after, wanted.visible))
    found = _read(session, query.order_by(col(Machine.name), col(Machine.id)).limit(limit + 1))
    rows = found[:limit]
    return Machines(
        rows,
        total,
        before=rows[0].id if after is not None and rows else None,
        after=rows[-1].id if len(found) > limit else None,
    )


def _place() -> Any:
    return tuple_(col(Machine.name), col(Machine.id))


def _place_of(machine_id: int, visible: frozenset[int] | None) -> Any:
    """Nowhere, unless the viewer sees that machine: what comes after a name tells the name."""
    name = select(Machine.name).where(Machine.id == machine_id)
    if visible is not None:
        name = name.where(col(Machine.institution_id).in_(visible))
    return tuple_(name.scalar_subquery(), machine_id)


def _backwards() -> tuple[Any, Any]:
    return col(Machine.name).desc(), col(Machine.id).desc()


def _read(session: Session, query: Any) -> list[MachineRow]:
    return [_row(*found) for found in session.execute(query)]


def _count(session: Session, conditions: list[Any]) -> int:
    return int(session.scalar(select(func.count()).select_from(Machine).where(*conditions)) or 0)


def one(session: Session, machine_id: int, now: int) -> MachineRow:
    """One machine that exists."""
    return _row(*session.execute(_rows(now).where(col(Machine.id) == machine_id)).one())


def by_presence(session: Session, wanted: MachineFilter, now: int) -> dict[str, int]:
    """How many swipe machines are present, late, ..."""
    word = presence(now)
    query = select(word, func.count()).where(*_conditions(wanted, now), Machine.role == MachineRole.SWIPE.value)
    return dict(iter(session.execute(query.group_by(word))))


def names_of(session: Session, machine_ids: Collection[int]) -> dict[int, str]:
    """The names of these machines."""
    query = select(Machine.id, Machine.name).where(col(Machine.id).in_(machine_ids))
    return dict(session.exec(query).all())


def presence(now: int) -> ColumnElement[str]:
    """How long a machine was silent against how often it should report. Card issuers stand at a desk and never do."""
    silent_milli = (now - col(Machine.last_seen_at)) * 1000
    return case(
        (col(Machine.state) != MachineState.ACTIVE.value, col(Machine.state)),
        (col(Machine.role) != MachineRole.SWIPE.value, "desk"),
        (col(Machine.last_seen_at).is_(None), "never"),
        (silent_milli <= col(Machine.report_interval_s) * PRESENT_INTERVALS_MILLI, "present"),
        (silent_milli <= col(Machine.report_interval_s) * SILENT_INTERVALS_MILLI, "late"),
        else_="silent",
    )


def _conditions(wanted: MachineFilter, now: int) -> list[Any]:
    found: list[Any] = []
    if wanted.visible is not None:
        found.append(col(Machine.institution_id).in_(wanted.visible))
    if wanted.institution_id is not None:
        found.append(col(Machine.institution_id) == wanted.institution_id)
    if wanted.presence:
        found.append(presence(now) == wanted.presence)
    if wanted.role:
        found.append(col(Machine.role) == wanted.role)
    return found


def _rows(now: int) -> Any:
    return select(Machine, Institution, presence(now)).join(
        Institution, col(Institution.id) == col(Machine.institution_id), isouter=True
    )


def _row(machine: Machine, institution: Institution | None, presence: str) -> MachineRow:
    return MachineRow(
        id=machine.id,
        name=machine.name,
        role=machine.role,
        state=machine.state,
        institution=institution.name if institution else "",
        institution_code=institution.code if institution else None,
        last_seen_at=machine.last_seen_at,
        interval_s=machine.report_interval_s,
        presence=presence,
        pending=machine.pending_entries,
        reader_healthy=machine.reader_healthy,
    )
