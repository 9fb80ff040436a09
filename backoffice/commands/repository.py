"""Queries of the commands domain."""

from collections.abc import Iterable, Sequence

from protocol import uplink
from sqlalchemy import case, func, or_
from sqlmodel import Session, col, select

from backoffice.commands.schemas import CommandState
from backoffice.models import InDoubt, MachineCommand
from backoffice.pagination import CursorRequest

OPEN_STATES = (CommandState.QUEUED.value, CommandState.SENT.value)
SIGNED_KINDS = (uplink.LOCK, uplink.UNLOCK)
ANSWERS_PER_QUERY = 500
SAME_OPEN_MAX = 64
"""More than people may order of one machine; what the system orders waits once."""
IDS_SINCE = 1_767_225_600
"""2026-01-01: seconds since then are below 2^32 for longer than machines live."""


def add(session: Session, command: MachineCommand) -> None:
    """Store a command; gives it its id."""
    session.add(command)
    session.flush()


def next_id(session: Session, now: int) -> int:
    """An id that no machine has seen, even if this database was restored from a backup: ids keep up with the time."""
    last = session.exec(select(func.max(MachineCommand.id))).one() or 0
    return max(last + 1, now - IDS_SINCE)


def get(session: Session, command_id: int) -> MachineCommand | None:
    """One command."""
    return session.get(MachineCommand, command_id)


def open_count(session: Session, machine_id: int) -> int:
    """How many commands that people ordered wait for a machine."""
    query = select(func.count()).where(
        MachineCommand.machine_id == machine_id,
        col(MachineCommand.created_by).is_not(None),
        col(MachineCommand.state).in_(OPEN_STATES),
    )
    return session.exec(query).one()


def same_open(session: Session, machine_id: int, kind: int, args: bytes) -> Sequence[MachineCommand]:
    """The commands that wait already and say the same, as far as a person may see."""
    query = select(MachineCommand).where(
        MachineCommand.machine_id == machine_id,
        MachineCommand.kind == kind,
        MachineCommand.args == args,
        col(MachineCommand.state).in_(OPEN_STATES),
    )
    return session.exec(query.limit(SAME_OPEN_MAX)).all()


def unsealed(session: Session, kind: int) -> Iterable[MachineCommand]:
    """Commands of a kind that keep nothing sealed."""
    return session.exec(select(MachineCommand).where(MachineCommand.kind == kind, col(MachineCommand.sealed).is_(None)))


def any_of(session: Session, kind: int) -> bool:
    """Whether a command of this kind was ever ordered."""
    return session.exec(select(MachineCommand.id).where(MachineCommand.kind == kind)).first() is not None


def open_of(session: Session, machine_ids: Iterable[int], each: int) -> Sequence[MachineCommand]:
    """The next commands for each of these machines: locking and unlocking first, then the oldest."""
    order = (case((col(MachineCommand.kind).in_(SIGNED_KINDS), 0), else_=1), col(MachineCommand.id))
    place = func.row_number().over(partition_by=col(MachineCommand.machine_id), order_by=order)
    waiting = (
        select(MachineCommand.id, place.label("place"))
        .where(col(MachineCommand.machine_id).in_(machine_ids), col(MachineCommand.state).in_(OPEN_STATES))
        .subquery()
    )
    query = select(MachineCommand).join(waiting, col(MachineCommand.id) == waiting.c.id).where(waiting.c.place <= each)
    return session.exec(query.order_by(col(MachineCommand.machine_id), waiting.c.place)).all()


def open_signed(session: Session, machine_id: int) -> Sequence[MachineCommand]:
    """Orders to lock or unlock that wait for a machine, oldest first."""
    query = select(MachineCommand).where(
        MachineCommand.machine_id == machine_id,
        col(MachineCommand.kind).in_(SIGNED_KINDS),
        col(MachineCommand.state).in_(OPEN_STATES),
    )
    return session.exec(query.order_by(col(MachineCommand.id))).all()


def by_ids(session: Session, machine_id: int, command_ids: Sequence[int]) -> dict[int, MachineCommand]:
    """Commands of a machine by id."""
    found: dict[int, MachineCommand] = {}
    for start in range(0, len(command_ids), ANSWERS_PER_QUERY):
        query = select(MachineCommand).where(
            MachineCommand.machine_id == machine_id,
            col(MachineCommand.id).in_(command_ids[start : start + ANSWERS_PER_QUERY]),
        )
        found.update((row.id or 0, row) for row in session.exec(query))
    return found


def last_signed(session: Session, machine_id: int, epoch: int) -> MachineCommand | None:
    """The newest order to lock or unlock that still waits, or was carried out in this epoch."""
    query = select(MachineCommand).where(
        MachineCommand.machine_id == machine_id,
        or_(col(MachineCommand.sent_epoch).is_(None), col(MachineCommand.sent_epoch) == epoch),
        col(MachineCommand.kind).in_(SIGNED_KINDS),
        col(MachineCommand.state).in_((*OPEN_STATES, CommandState.DONE.value)),
    )
    return session.exec(query.order_by(col(MachineCommand.id).desc())).first()


def last_order_number(session: Session, machine_id: int) -> int:
    """The highest number of a signed order for a machine; 0 when there was none."""
    query = select(func.max(MachineCommand.order_number)).where(MachineCommand.machine_id == machine_id)
    return session.exec(query).one() or 0


def is_in_doubt(session: Session, machine_id: int, batch: int, credit: int) -> bool:
    """Whether the machine reported an intent for this credit and nothing since."""
    query = select(InDoubt.credit).where(
        InDoubt.machine_id == machine_id, InDoubt.batch == batch, InDoubt.credit == credit
    )
    return session.exec(query).first() is not None


def page_of(session: Session, machine_id: int, page: CursorRequest) -> Sequence[MachineCommand]:
    """A machine's commands, newest first, and one more than the limit when there are more."""
    query = select(MachineCommand).where(MachineCommand.machine_id == machine_id)
    if after := page.after(1):
        query = query.where(col(MachineCommand.id) < after[0])
    return session.exec(query.order_by(col(MachineCommand.id).desc()).limit(page.limit + 1)).all()
