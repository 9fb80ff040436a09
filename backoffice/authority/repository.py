"""Queries on master cards and the keys made from them."""

from sqlmodel import Session, col, func, select

from backoffice.models import Card, InstitutionKey, MachineKey, Master


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
    statement = select(Card).where(Card.level == "master", Card.master_id == master_id).order_by(col(Card.id).desc())
    return session.exec(statement).first()


def last_epoch(session: Session, machine_id: int) -> int:
    """The highest epoch for which a key was ever made."""
    statement = select(func.max(MachineKey.epoch)).where(MachineKey.machine_id == machine_id)
    return session.exec(statement).one() or 0


def institution_key(session: Session, master_id: int, code: int) -> InstitutionKey | None:
    return session.get(InstitutionKey, (code, master_id))
