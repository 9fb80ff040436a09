"""Institutions, and the machines that stand there."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from backoffice.models import Institution, Machine
from backoffice.web.views import MachineRow

INSTITUTIONS_MAX = 500
MACHINES_MAX = 2000
PRESENT_INTERVALS_MILLI = 1500
SILENT_INTERVALS_MILLI = 3000
# The order of a list of machines: what needs a person first.
_WORST_FIRST = {
    name: place for place, name in enumerate(("silent", "late", "never", "present", "desk", "locked", "retired"))
}


def institutions(session: Session, visible: frozenset[int] | None) -> Sequence[Institution]:
    """The viewer's institutions by name."""
    query = select(Institution).order_by(Institution.name).limit(INSTITUTIONS_MAX)
    if visible is not None:
        query = query.where(col(Institution.id).in_(visible))
    return session.exec(query).all()


def institution_by_code(session: Session, visible: frozenset[int] | None, code: int) -> Institution | None:
    found = session.exec(select(Institution).where(Institution.code == code)).first()
    return found if found and (visible is None or found.id in visible) else None


def machines_by_institution(session: Session) -> dict[int, int]:
    """How many machines each institution has in use."""
    query = (
        select(Machine.institution_id, func.count())
        .where(Machine.state != "retired")
        .group_by(col(Machine.institution_id))
    )
    return {institution_id: number for institution_id, number in session.exec(query) if institution_id is not None}


def machines(
    session: Session, visible: frozenset[int] | None, now: int, institution_id: int | None = None
) -> list[MachineRow]:
    """The viewer's machines, those first that need a person."""
    query = select(Machine, Institution).join(
        Institution, col(Institution.id) == col(Machine.institution_id), isouter=True
    )
    if visible is not None:
        query = query.where(col(Machine.institution_id).in_(visible))
    if institution_id is not None:
        query = query.where(Machine.institution_id == institution_id)
    rows = [machine_row(machine, place, now) for machine, place in session.exec(query.limit(MACHINES_MAX))]
    return sorted(rows, key=lambda row: (_WORST_FIRST[row.presence], row.name, row.id))


def machine_row(machine: Machine, institution: Institution | None, now: int) -> MachineRow:
    return MachineRow(
        id=machine.id,
        name=machine.name,
        role=machine.role,
        state=machine.state,
        institution=institution.name if institution else "",
        institution_code=institution.code if institution else None,
        last_seen_at=machine.last_seen_at,
        interval_s=machine.report_interval_s,
        presence=presence(machine, now),
        pending=machine.pending_entries,
        reader_healthy=machine.reader_healthy,
    )


def presence(machine: Machine, now: int) -> str:
    """How long a machine was silent against how often it should report. Card issuers stand at a desk and never do."""
    if machine.state != "active":
        return machine.state
    if machine.role != "swipe":
        return "desk"
    if machine.last_seen_at is None:
        return "never"
    silent_milli = (now - machine.last_seen_at) * 1000
    if silent_milli <= machine.report_interval_s * PRESENT_INTERVALS_MILLI:
        return "present"
    return "late" if silent_milli <= machine.report_interval_s * SILENT_INTERVALS_MILLI else "silent"


def institution_of(session: Session, machine: Machine) -> Institution | None:
    return session.get(Institution, machine.institution_id) if machine.institution_id is not None else None
