"""Queries of the commands domain."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from backoffice.commands.schemas import CommandState
from backoffice.models import MachineCommand
from backoffice.pagination import PageRequest

OPEN_STATES = (CommandState.QUEUED.value, CommandState.SENT.value)


def add(session: Session, command: MachineCommand) -> None:
    """Store a command; gives it its id."""
    session.add(command)
    session.flush()


def get(session: Session, command_id: int) -> MachineCommand | None:
    """One command."""
    return session.get(MachineCommand, command_id)


def open_count(session: Session, machine_id: int) -> int:
    """How many commands wait for a machine."""
    query = select(func.count()).where(
        MachineCommand.machine_id == machine_id, col(MachineCommand.state).in_(OPEN_STATES)
    )
    return session.exec(query).one()


def open_of(session: Session, machine_ids: Iterable[int]) -> Sequence[MachineCommand]:
    """The commands that wait for these machines, oldest first."""
    query = select(MachineCommand).where(
        col(MachineCommand.machine_id).in_(machine_ids), col(MachineCommand.state).in_(OPEN_STATES)
    )
    return session.exec(query.order_by(col(MachineCommand.id))).all()


def mark_ended(session: Session, machine_id: int, command_ids: Sequence[int], state: CommandState, now: int) -> None:
    """The machine's journal says how these ended."""
    statement = (
        update(MachineCommand)
        .where(col(MachineCommand.machine_id) == machine_id, col(MachineCommand.id).in_(command_ids))
        .values(state=state.value, done_at=now)
    )
    session.exec(statement)


def page_of(session: Session, machine_id: int, page: PageRequest) -> Sequence[MachineCommand]:
    """A machine's commands, newest first."""
    query = select(MachineCommand).where(MachineCommand.machine_id == machine_id)
    return session.exec(query.order_by(col(MachineCommand.id).desc()).offset(page.offset).limit(page.limit + 1)).all()
