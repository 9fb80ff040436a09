"""Card work when the server starts: nothing that a crash interrupted looks as if it were still running."""

from backoffice.authority import service as authority
from backoffice.authority.sealing import Cost
from backoffice.context import Context
from backoffice.issuing import service
from backoffice.workshop import Workshop


def open_workshop(context: Context, cost: Cost | None = None) -> Workshop:
    """The workshop of a starting server: interrupted jobs wait to be resumed, half-made master cards are given up."""
    workshop = Workshop(context, cost)
    with workshop.begin() as session:
        service.pause_interrupted(session, workshop.now())
        authority.abandon_unfinished(session, workshop.now())
    return workshop
