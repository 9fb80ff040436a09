"""Queries on master cards and the keys made from them."""

from sqlmodel import Session, col, func, select

from backoffice.models import Card, InstitutionKey, Master
from backoffice.models.card import ABOVE


def current(session: Session) -> Master | None:
    """The master card that is not retired, in the making or active."""
    return session.exec(select(Master).where(col(Master.current))).one_or_none()


def all_masters(session: Session) -> list[Master]:
    return list(session.exec(select(Master).order_by(col(Master.id))).all())


def next_master_id(session: Session) -> int:
    return (session.exec(select(func.max(Master.id))).one() or 0) + 1


def next_credit(session: Session) -> int:
    """Credits are numbered on and on, also under a new master card: a number never means two exams."""
    return session.exec(select(func.max(Master.next_credit))).one() or 1


def card_of_master(session: Session, master_id: int) -> Card | None:
    """The newest card that was made for this master."""
    query = select(Card).where(Card.level == "master", Card.master_id == master_id, ABOVE)
    return session.exec(query.order_by(col(Card.id).desc())).first()


def institution_key(session: Session, master_id: int, code: int) -> InstitutionKey | None:
    return session.get(InstitutionKey, (code, master_id))
