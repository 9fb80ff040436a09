"""What a machine is told to accept no more: a batch that was made for it, or one card of such a batch.

A machine obeys a number that nobody issued as well as any other and says "done", while the card that was meant still
buys an exam. So the number is held against what was issued before the order exists; the machine itself looks again.
"""

from protocol import uplink
from sqlmodel import Session

from backoffice.accounts.roles import Viewer
from backoffice.commands import service
from backoffice.errors import ForeignBatch, NotInBatch
from backoffice.models import Batch, MachineCommand


def revoke_batch(session: Session, viewer: Viewer, machine_id: int, batch: int, now: int) -> MachineCommand:
    """Accept no card of this batch. Raises ForeignBatch."""
    service.usable(session, machine_id)
    _batch_of(session, machine_id, batch)
    return service.order(session, viewer, machine_id, uplink.REVOKE_BATCH, [batch], now)


def revoke_credit(
    session: Session, viewer: Viewer, machine_id: int, batch: int, credit: int, now: int
) -> MachineCommand:
    """Accept this one card no more. Raises ForeignBatch, NotInBatch."""
    service.usable(session, machine_id)
    issued = _batch_of(session, machine_id, batch)
    last = issued.first_credit + issued.count - 1
    if not issued.first_credit <= credit <= last:
        raise NotInBatch(batch=batch, first=issued.first_credit, last=last)
    return service.order(session, viewer, machine_id, uplink.REVOKE_CREDIT, [batch, credit], now)


def _batch_of(session: Session, machine_id: int, batch: int) -> Batch:
    found = session.get(Batch, batch)
    if found is None or found.machine_id != machine_id:
        raise ForeignBatch(batch=batch)
    return found
