"""The registry of every card: the states it may go through, and what became of each credit.

planned -> writing -> written -> erased
              |  ^
              v  |
             torn         any of them -> failed (its content reissued on another card, or voided)
"""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from backoffice.cards import repository
from backoffice.errors import NotFound, WrongState
from backoffice.models import Card, CardEvent
from backoffice.pagination import CursorRequest

PLANNED, WRITING, TORN, WRITTEN, FAILED, ERASED = "planned", "writing", "torn", "written", "failed", "erased"
LIVE_ON_PLASTIC = (WRITING, TORN, WRITTEN)
REISSUED, VOIDED = "reissued", "voided"
WEAK_MEDIUM = "weak_medium"

ALLOWED = {
    PLANNED: (WRITING, FAILED),
    WRITING: (WRITTEN, TORN, PLANNED, FAILED),
    TORN: (WRITING, FAILED),
    WRITTEN: (ERASED,),
    FAILED: (),
    ERASED: (),
}


def plan(session: Session, now: int, **content: Any) -> Card:
    """A card to be written."""
    card = Card(created_at=now, changed_at=now, **content)
    repository.add(session, card)
    return card


def begin_writing(session: Session, card: Card, uid: bytes, medium: str, now: int) -> None:
    """From here on the plastic with this UID may carry the content."""
    card.uid, card.medium = uid.hex(), medium
    card.warning = WEAK_MEDIUM if is_weak(medium) else ""
    _move(session, card, WRITING, now)


def written(session: Session, card: Card, now: int) -> None:
    """Written and verified."""
    _move(session, card, WRITTEN, now)


def torn(session: Session, card: Card, reason: str, now: int) -> None:
    """Nobody knows how much of it was written: it has to be seen again."""
    _move(session, card, TORN, now, reason)


def untouched(session: Session, card: Card, reason: str, now: int) -> None:
    """The device refused before it wrote anything: the content waits for another card."""
    _move(session, card, PLANNED, now, reason)
    card.uid = card.medium = card.warning = ""


def failed(session: Session, card: Card, reason: str, outcome: str, now: int) -> None:
    """Given up."""
    _move(session, card, FAILED, now, reason)
    card.outcome = outcome


def erased(session: Session, card: Card, now: int) -> None:
    """Blank again."""
    _move(session, card, ERASED, now)


def plan_again(session: Session, card: Card, now: int) -> Card:
    """The same content for another card. The old one must not be live: the database sees to that, too."""
    if card.state not in (FAILED, ERASED):
        raise WrongState("the card may still be good: its content is not issued twice")
    card.outcome = REISSUED
    session.flush()
    return plan(
        session,
        now,
        level=card.level,
        master_id=card.master_id,
        white_id=card.white_id,
        batch_id=card.batch_id,
        credit=card.credit,
        job_id=card.job_id,
        attempt=card.attempt + 1,
    )


def is_weak(medium: str) -> bool:
    """Cards with Crypto1 can be copied."""
    return medium.startswith("classic")


def get(session: Session, card_id: int) -> Card:
    """One card."""
    card = session.get(Card, card_id)
    if card is None:
        raise NotFound(f"there is no card {card_id}")
    return card


def live_on(session: Session, uid: bytes) -> Card | None:
    """What is, or may be, on the card with this UID."""
    return repository.live_on(session, uid.hex())


def page_of(
    session: Session, page: CursorRequest, level: str | None, state: str | None, batch_id: int | None, uid: str | None
) -> Sequence[Card]:
    """Cards, newest first."""
    return repository.page_of(session, page, level, state, batch_id, uid)


def events_of(session: Session, card_id: int) -> Sequence[CardEvent]:
    """A card's history."""
    return repository.events_of(session, get(session, card_id).id or 0)


def _move(session: Session, card: Card, state: str, now: int, reason: str = "") -> None:
    if state not in ALLOWED[card.state]:
        raise WrongState(f"card {card.id} is {card.state}, it cannot become {state}")
    card.state, card.reason, card.changed_at = state, reason[:32], now
    session.add(card)
    session.add(CardEvent(card_id=card.id or 0, at=now, state=state, uid=card.uid, reason=card.reason))
