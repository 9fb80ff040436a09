"""Institutions, and the machines that stand there."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from backoffice.models import Institution, Machine


def institutions(session: Session, visible: frozenset[int] | None) -> Sequence[Institution]:
    """The viewer's institutions by name."""
    query = select(Institution).order_by(Institution.name)
    if visible is not None:
        query = query.where(col(Institution.id).in_(visible))
    return session.exec(query).all()


@dataclass(frozen=True)
class InstitutionPage:
    """Institutions by name, and whether there are others on either side. A place is an institution's code."""

    rows: Sequence[Institution]
    before: int | None = None
    after: int | None = None


def page_by_name(
    session: Session, visible: frozenset[int] | None, limit: int, after: int | None = None, before: int | None = None
) -> InstitutionPage:
    """The viewer's institutions by name: the first, or those on one side of a place in the list."""
    query = select(Institution)
    if visible is not None:
        query = query.where(col(Institution.id).in_(visible))
    if before is not None:
        nearest = query.where(col(Institution.name) < _name_of(before, visible)).order_by(col(Institution.name).desc())
        found = session.exec(nearest.limit(limit + 1)).all()
        if len(found) > limit:
            rows = found[:limit][::-1]
            return InstitutionPage(rows, before=rows[0].code, after=rows[-1].code)
    if after is not None:
        query = query.where(col(Institution.name) > _name_of(after, visible))
    found = session.exec(query.order_by(Institution.name).limit(limit + 1)).all()
    rows = found[:limit]
    return InstitutionPage(
        rows,
        before=rows[0].code if after is not None and rows else None,
        after=rows[-1].code if len(found) > limit else None,
    )


def _name_of(code: int, visible: frozenset[int] | None) -> Any:
    """Nothing, unless the viewer sees that institution: what comes after a name tells the name."""
    query = select(Institution.name).where(Institution.code == code)
    if visible is not None:
        query = query.where(col(Institution.id).in_(visible))
    return query.scalar_subquery()


def ranked(session: Session, institution_ids: Collection[int], figure: Callable[[int], int]) -> list[int]:
    """Institutions with the highest figure first, by name among equals."""
    query = select(Institution.id, Institution.name).where(col(Institution.id).in_(institution_ids))
    rows = [(-figure(number or 0), name, number or 0) for number, name in session.exec(query)]
    return [number for _figure, _name, number in sorted(rows)]


def by_ids(session: Session, institution_ids: Sequence[int]) -> list[Institution]:
    """These institutions, in this order."""
    query = select(Institution).where(col(Institution.id).in_(institution_ids))
    found = {institution.id: institution for institution in session.exec(query)}
    return [found[number] for number in institution_ids]


def institution_by_code(session: Session, visible: frozenset[int] | None, code: int) -> Institution | None:
    found = session.exec(select(Institution).where(Institution.code == code)).first()
    return found if found and (visible is None or found.id in visible) else None


def machines_by_institution(session: Session) -> dict[int, int]:
    """How many machines each institution has in use."""
    query = (
        select(Machine.institution_id, func.count())
        .where(Machine.state != "retired")
        .group_by(col(Machine.institution_id))
    )
    return {institution_id: number for institution_id, number in session.exec(query) if institution_id is not None}


def institution_of(session: Session, machine: Machine) -> Institution | None:
    return session.get(Institution, machine.institution_id) if machine.institution_id is not None else None
