"""Orders to a machine, newest first."""

from protocol import uplink
from sqlalchemy import func, select
from sqlmodel import Session, col

from backoffice.commands import service as commands
from backoffice.commands.repository import OPEN_STATES, open_signed
from backoffice.machines import configuration
from backoffice.models import Batch, InDoubt, MachineCommand, User
from backoffice.models.batch import ALIVE
from backoffice.usage import repository
from backoffice.web.views import BatchOffer, DoubtRow, OrderRow

BATCHES_OFFERED = 100
DOUBTS_MAX = 100


def listed(session: Session, machine_id: int, limit: int, below: int | None = None) -> list[OrderRow]:
    """A machine's orders, those with lower numbers than `below`."""
    query = (
        select(MachineCommand, User)
        .join(User, col(User.id) == col(MachineCommand.created_by), isouter=True)
        .where(col(MachineCommand.machine_id) == machine_id)
        .order_by(col(MachineCommand.id).desc())
    )
    if below is not None:
        query = query.where(col(MachineCommand.id) < below)
    return [_row(command, user) for command, user in session.execute(query.limit(limit))]


def waiting(session: Session, machine_id: int) -> int:
    """How many orders wait for a machine, those included that are not listed on the first page."""
    query = select(func.count()).where(
        col(MachineCommand.machine_id) == machine_id, col(MachineCommand.state).in_(OPEN_STATES)
    )
    return int(session.scalar(query) or 0)


def change_under_way(session: Session, machine_id: int) -> str:
    """ "lock" or "unlock" while the machine has not answered the newest such order; else nothing."""
    waiting = open_signed(session, machine_id)
    return commands.KIND_NAMES[waiting[-1].kind] if waiting else ""


def batches(session: Session, machine_id: int) -> list[BatchOffer]:
    """The batches that were drawn for a machine and are not withdrawn, newest first; one more than are offered
    when there are more.
    """
    query = select(Batch).where(col(Batch.machine_id) == machine_id, col(Batch.state) == "signed", ALIVE)
    newest = query.order_by(col(Batch.created_at).desc(), col(Batch.id).desc()).limit(BATCHES_OFFERED + 1)
    return [
        BatchOffer(batch.id, batch.first_credit, batch.first_credit + batch.count - 1)
        for batch in session.scalars(newest)
    ]


def in_doubt(session: Session, machine_id: int) -> list[DoubtRow]:
    """Cards in doubt at a machine, those first that were reported last."""
    query = select(InDoubt).where(col(InDoubt.machine_id) == machine_id)
    newest = query.order_by(col(InDoubt.received_at).desc(), col(InDoubt.credit).desc()).limit(DOUBTS_MAX)
    return [DoubtRow(machine_id, "", "", row.batch, row.credit, row.time) for row in session.scalars(newest)]


def in_doubt_more(session: Session, machine_id: int, shown: int) -> int:
    """How many there are beyond those."""
    return repository.in_doubt_count(session, [machine_id]) - shown if shown == DOUBTS_MAX else 0


def _row(command: MachineCommand, user: User | None) -> OrderRow:
    args = commands.arguments_of(command)
    settings = commands.settings_of(command)
    about_card = command.kind in (uplink.REVOKE_BATCH, uplink.REVOKE_CREDIT, uplink.REFUND_CREDIT)
    return OrderRow(
        id=command.id or 0,
        kind=commands.KIND_NAMES.get(command.kind, str(command.kind)),
        state=command.state,
        result=command.result,
        on_trial=configuration.goes_on_trial(settings),
        created_at=command.created_at,
        created_by=user.name if user else "",
        sent_at=command.sent_at,
        sent_count=command.sent_count,
        done_at=command.done_at,
        answer_seq=command.answer_seq,
        answer_epoch=command.sent_epoch,
        batch=args[0] if about_card and args else 0,
        credit=args[1] if about_card and len(args) > 1 else 0,
        text=str(args[-1]) if command.kind == uplink.LOCK and args else "",
        settings=tuple(configuration.public(settings).items()),
    )
