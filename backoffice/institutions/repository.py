"""Queries of the institutions domain."""

from collections.abc import Collection, Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from backoffice.models import Agent, Institution
from backoffice.pagination import PageRequest


def add(session: Session, institution: Institution) -> None:
    """Store an institution; gives it its id."""
    session.add(institution)
    session.flush()


def get(session: Session, institution_id: int) -> Institution | None:
    """One institution."""
    return session.get(Institution, institution_id)


def by_code(session: Session, code: int) -> Institution | None:
    """The institution of that code."""
    return session.exec(select(Institution).where(Institution.code == code)).first()


def by_name(session: Session, name: str) -> Institution | None:
    """The institution of that name."""
    return session.exec(select(Institution).where(Institution.name == name)).first()


def highest_code(session: Session) -> int:
    """The highest code in use; 0 when there is none."""
    return session.exec(select(func.max(Institution.code))).one() or 0


def page_of(session: Session, visible: Collection[int] | None, page: PageRequest) -> Sequence[Institution]:
    """Institutions by name; only the visible ones unless that is None."""
    query = select(Institution).order_by(Institution.name).offset(page.offset).limit(page.limit + 1)
    if visible is not None:
        query = query.where(col(Institution.id).in_(visible))
    return session.exec(query).all()


def agent_exists(session: Session, agent_id: int) -> bool:
    """Whether there is such an agent."""
    return session.get(Agent, agent_id) is not None
