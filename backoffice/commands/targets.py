"""Which cards an order may be about: a machine is asked to refuse only what was issued for it.

A machine remembers whatever it is told to refuse, issued or not, and says that it is done. A typing mistake would look
like success, and the card that was meant would go on buying exams.
"""

from sqlmodel import Session

from backoffice.errors import NotOfThisMachine
from backoffice.models import Batch


def check_batch(session: Session, machine_id: int, batch_id: int) -> Batch:
    """The batch. Raises NotOfThisMachine."""
    batch = session.get(Batch, batch_id)
    if batch is None or batch.machine_id != machine_id:
        raise NotOfThisMachine(f"no batch {batch_id} was issued for machine {machine_id}")
    return batch


def check_card(session: Session, machine_id: int, batch_id: int, credit: int) -> None:
    """Raises NotOfThisMachine."""
    batch = check_batch(session, machine_id, batch_id)
    last = batch.first_credit + batch.count - 1
    if not batch.first_credit <= credit <= last:
        raise NotOfThisMachine(f"batch {batch_id} has the cards {batch.first_credit} to {last}, and no {credit}")
