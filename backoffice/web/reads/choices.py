"""What filters offer: names, as many as a list can hold, and how many there are beyond them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from backoffice.models import Device, Institution, Machine
from backoffice.web.reads import AnySelect

CARD_READERS = ("master_issuer", "child_issuer")


@dataclass(frozen=True)
class Offer:
    """(number, name) by name."""

    rows: Sequence[tuple[int, str]]
    more: int
    """How many others there are."""


def institutions(session: Session, visible: frozenset[int] | None, limit: int, chosen: int | None) -> Offer:
    """Institutions by code; the chosen one is always among them."""
    query = select(col(Institution.code), col(Institution.name))
    if visible is not None:
        query = query.where(col(Institution.id).in_(visible))
    return _offer(session, query, col(Institution.code), col(Institution.name), limit, chosen)


def machines(
    session: Session, visible: frozenset[int] | None, limit: int, chosen: int | None, institution: int | None
) -> Offer:
    """Swipe machines by number, those of one institution (its code) if one is chosen."""
    query = select(col(Machine.id), col(Machine.name)).where(col(Machine.role) == "swipe")
    if visible is not None:
        query = query.where(col(Machine.institution_id).in_(visible))
    if institution is not None:
        here = select(col(Institution.id)).where(col(Institution.code) == institution)
        query = query.where(or_(col(Machine.institution_id).in_(here), col(Machine.id) == chosen))
    return _offer(session, query, col(Machine.id), col(Machine.name), limit, chosen)


def card_readers(session: Session, limit: int) -> Offer:
    """Devices on which the master card can be shown."""
    query = select(col(Device.id), col(Device.name)).where(col(Device.active), col(Device.role).in_(CARD_READERS))
    return _offer(session, query, col(Device.id), col(Device.name), limit, None)


def _offer(session: Session, query: AnySelect, number: Any, name: Any, limit: int, chosen: int | None) -> Offer:
    rows = [(found, words) for found, words in session.execute(query.order_by(name, number).limit(limit))]
    if len(rows) < limit:
        return Offer(rows, 0)
    if chosen is not None and all(found != chosen for found, _words in rows):
        rows += [(found, words) for found, words in session.execute(query.where(number == chosen))]
    everything = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return Offer(rows, everything - len(rows))
