"""Queries of the card registry."""

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from backoffice.models import Batch, Card, CardEvent, Master, Usage, White
from backoffice.pagination import PageRequest

LIVE_ON_PLASTIC = ("writing", "torn", "written")
EVENTS_MAX = 200
CREDIT_CARDS_MAX = 100


def add(session: Session, card: Card) -> None:
    session.add(card)
    session.flush()


def live_on(session: Session, uid: str) -> Card | None:
    """The one card row that is live on this UID."""
    return session.exec(select(Card).where(Card.uid == uid, col(Card.state).in_(LIVE_ON_PLASTIC))).one_or_none()


def page_of(
    session: Session, page: PageRequest, level: str | None, state: str | None, batch_id: int | None, uid: str | None
) -> Sequence[Card]:
    statement = select(Card)
    for column, value in ((Card.level, level), (Card.state, state), (Card.batch_id, batch_id), (Card.uid, uid)):
        if value is not None:
            statement = statement.where(col(column) == value)
    statement = statement.order_by(col(Card.id).desc()).offset(page.offset).limit(page.limit + 1)
    return session.exec(statement).all()


def events_of(session: Session, card_id: int) -> Sequence[CardEvent]:
    statement = select(CardEvent).where(CardEvent.card_id == card_id).order_by(col(CardEvent.id)).limit(EVENTS_MAX)
    return session.exec(statement).all()


def batch_of_credit(session: Session, credit: int) -> Batch | None:
    """The batch that was signed for this credit."""
    statement = select(Batch).where(
        Batch.first_credit <= credit, Batch.first_credit + Batch.count > credit, Batch.state != "cancelled"
    )
    return session.exec(statement.order_by(col(Batch.id).desc())).first()


def white_of(session: Session, batch: Batch) -> White | None:
    return session.get(White, batch.white_id)


def master_of(session: Session, white: White) -> Master | None:
    return session.get(Master, white.master_id)


def cards_of_credit(session: Session, credit: int) -> Sequence[Card]:
    statement = select(Card).where(Card.level == "one_time", Card.credit == credit)
    return session.exec(statement.order_by(col(Card.id)).limit(CREDIT_CARDS_MAX)).all()


def card_of(session: Session, level: str, subject: int) -> Card | None:
    """The card that carries a master, white or batch content now, or carried it last."""
    column = {"master": Card.master_id, "white": Card.white_id, "batch": Card.batch_id}[level]
    statement = select(Card).where(Card.level == level, column == subject).order_by(col(Card.id).desc())
    return session.exec(statement).first()


def usage_of_credit(session: Session, credit: int) -> Sequence[Usage]:
    return session.exec(select(Usage).where(Usage.credit == credit).limit(CREDIT_CARDS_MAX)).all()


def is_used(session: Session, batch_id: int, credit: int) -> bool:
    """Whether a debit of this credit was reported."""
    statement = select(func.count()).select_from(Usage).where(Usage.batch == batch_id, Usage.credit == credit)
    return session.exec(statement).one() > 0
