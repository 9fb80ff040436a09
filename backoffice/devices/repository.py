"""Queries on devices."""

from collections.abc import Sequence

from sqlmodel import Session, col, or_, select

from backoffice.models import Device
from backoffice.pagination import PageRequest


def page_of(session: Session, page: PageRequest) -> Sequence[Device]:
    statement = select(Device).order_by(col(Device.id)).offset(page.offset).limit(page.limit + 1)
    return session.exec(statement).all()


def named_or_at(session: Session, name: str, url: str) -> Device | None:
    return session.exec(select(Device).where(or_(Device.name == name, Device.url == url))).first()


def add(session: Session, device: Device) -> None:
    session.add(device)
    session.flush()
