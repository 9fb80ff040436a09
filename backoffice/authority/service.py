"""Master cards in the database: their making, their retirement, what each device is expected to be."""

from sqlmodel import Session

from backoffice.authority import repository
from backoffice.cards import service as cards
from backoffice.errors import NotFound, SecondMaster, WrongState
from backoffice.models import Card, Master

MAKING, ACTIVE, RETIRED, ABANDONED = "making", "active", "retired", "abandoned"


def plan_master(session: Session, authority_key: bytes, kdf: str, user_id: int, now: int) -> tuple[Master, Card]:
    """A new master card to be made. Raises SecondMaster while another one is not retired."""
    refuse_second(session)
    master = Master(
        id=repository.next_master_id(session),
        state=MAKING,
        authority_key=authority_key,
        kdf=kdf,
        next_credit=repository.next_credit(session),
        created_by=user_id,
        created_at=now,
    )
    session.add(master)
    session.flush()
    return master, cards.plan(session, now, level="master", master_id=master.id)


def refuse_second(session: Session) -> None:
    """The master card is unique."""
    master = repository.current(session)
    if master is not None:
        raise SecondMaster(master_id=master.id, state=master.state)


def activate_master(session: Session, master_id: int) -> Master:
    """The card is written and was read back with its PIN: it is the root from now on."""
    master = find(session, master_id)
    master.state = ACTIVE
    return master


def abandon_master(session: Session, master_id: int) -> None:
    """Its making failed: nothing was ever signed with it, so another one may be made at once."""
    master = find(session, master_id)
    if master.state == MAKING:
        master.state, master.current = ABANDONED, False


def retire_master(session: Session, master_id: int, reason: str, now: int) -> Master:
    """Take the master card out of use. What it signed stays good on machines that know it."""
    master = find(session, master_id)
    if master.state != ACTIVE:
        raise WrongState(f"the master card is {master.state}")
    master.state, master.current = RETIRED, False
    master.retired_at, master.retired_reason = now, reason
    return master


def active_master(session: Session) -> Master:
    """The master card in use."""
    master = repository.current(session)
    if master is None or master.state != ACTIVE:
        raise NotFound("there is no master card yet")
    return master


def find(session: Session, master_id: int) -> Master:
    """One master card."""
    master = session.get(Master, master_id)
    if master is None:
        raise NotFound(f"there is no master card {master_id}")
    return master


def abandon_unfinished(session: Session, now: int) -> None:
    """At the start of the server: a master card in the making has lost its secret with the process."""
    master = repository.current(session)
    if master is not None and master.state == MAKING:
        abandon_master(session, master.id)
        card = repository.card_of_master(session, master.id)
        if card is not None and card.state != cards.FAILED:
            cards.failed(session, card, "server_restarted", cards.VOIDED, now)
