"""Queries of the health domain."""

from sqlalchemy import Engine
from sqlmodel import select

from backoffice.db import READ, transaction
from backoffice.models import Machine


def read_something(engine: Engine) -> None:
    """Touch a table; raises DatabaseError when the database does not answer."""
    with transaction(engine, READ) as session:
        session.exec(select(Machine.id).limit(1)).first()
