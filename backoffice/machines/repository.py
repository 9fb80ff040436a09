"""Queries of the machines domain."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, tuple_
from sqlmodel import Session, col, select

from backoffice.machines.schemas import MachineState
from backoffice.models import Institution, JournalChain, JournalEntry, JournalGap, Machine, MachineKey
from backoffice.pagination import CursorRequest, PageRequest

MISSING_STRETCHES_MAX = 100


def add(session: Session, row: Machine | MachineKey | JournalGap) -> None:
    """Store a row."""
    session.add(row)
    session.flush()


def get(session: Session, machine_id: int) -> Machine | None:
    """One machine."""
    return session.get(Machine, machine_id)


def highest_id(session: Session) -> int:
    """The highest machine number in use; 0 when there is none."""
    return session.exec(select(func.max(Machine.id))).one() or 0


def by_unique_id(session: Session, unique_id: str) -> Machine | None:
    """The machine that is not retired and has this board."""
    query = select(Machine).where(Machine.unique_id == unique_id, Machine.state != MachineState.RETIRED.value)
    return session.exec(query).first()


def page_of(
    session: Session, visible: Collection[int] | None, institution_id: int | None, page: PageRequest
) -> Sequence[Machine]:
    """Machines by number; only those of visible institutions unless that is None."""
    query = select(Machine).order_by(col(Machine.id)).offset(page.offset).limit(page.limit + 1)
    if visible is not None:
        query = query.where(col(Machine.institution_id).in_(visible))
    if institution_id is not None:
        query = query.where(Machine.institution_id == institution_id)
    return session.exec(query).all()


def keys(session: Session, machine_id: int, limit: int) -> Sequence[MachineKey]:
    """A machine's sealed keys, newest epoch first."""
    query = select(MachineKey).where(MachineKey.machine_id == machine_id)
    return session.exec(query.order_by(col(MachineKey.epoch).desc()).limit(limit)).all()


def key(session: Session, machine_id: int, epoch: int) -> MachineKey | None:
    """The sealed key of one epoch."""
    return session.get(MachineKey, (machine_id, epoch))


def offered_keys(session: Session, machine_id: int) -> Sequence[MachineKey]:
    """Keys that the machine may or may not have, oldest epoch first."""
    query = select(MachineKey).where(MachineKey.machine_id == machine_id, col(MachineKey.committed).is_(False))
    return session.exec(query.order_by(col(MachineKey.epoch))).all()


def remove(session: Session, key: MachineKey) -> None:
    """Forget a key."""
    session.delete(key)
    session.flush()


def institution_exists(session: Session, institution_id: int) -> bool:
    """Whether there is such an institution."""
    return session.get(Institution, institution_id) is not None


def journal(session: Session, machine_id: int, epoch: int | None, page: CursorRequest) -> Sequence[JournalEntry]:
    """A machine's journal, newest entry first, and one more than the limit when there are more."""
    query = select(JournalEntry).where(JournalEntry.machine_id == machine_id)
    if epoch is not None:
        query = query.where(JournalEntry.epoch == epoch)
    order = (col(JournalEntry.epoch), col(JournalEntry.seq))
    if after := page.after(len(order)):
        query = query.where(tuple_(*order) < after if epoch is None else JournalEntry.seq < after[1])
    return session.exec(query.order_by(*(column.desc() for column in order)).limit(page.limit + 1)).all()


def entry(session: Session, machine_id: int, epoch: int, seq: int) -> JournalEntry | None:
    """One entry."""
    return session.get(JournalEntry, (machine_id, epoch, seq))


def chains(session: Session, machine_id: int) -> Sequence[JournalChain]:
    """Where the machine's journals stand, newest epoch first."""
    query = select(JournalChain).where(JournalChain.machine_id == machine_id)
    return session.exec(query.order_by(col(JournalChain.epoch).desc()).limit(MISSING_STRETCHES_MAX)).all()


def chain(session: Session, machine_id: int, epoch: int) -> JournalChain | None:
    """Where one journal stands."""
    return session.get(JournalChain, (machine_id, epoch))


def stretches_after(session: Session, chain: JournalChain) -> list[tuple[int, int]]:
    """The first stored stretches (first, last seq) beyond the complete part of a journal."""
    position = func.row_number().over(order_by=col(JournalEntry.seq))
    numbered = (
        select(JournalEntry.seq, (col(JournalEntry.seq) - position).label("island"))
        .where(
            JournalEntry.machine_id == chain.machine_id,
            JournalEntry.epoch == chain.epoch,
            JournalEntry.seq > chain.contiguous_seq,
        )
        .subquery()
    )
    query = (
        select(func.min(numbered.c.seq), func.max(numbered.c.seq))
        .group_by(numbered.c.island)
        .order_by(func.min(numbered.c.seq))
        .limit(MISSING_STRETCHES_MAX)
    )
    return [(first, last) for first, last in session.exec(query)]
