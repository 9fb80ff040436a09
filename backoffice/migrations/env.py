"""Alembic runs this: it migrates on the connection that backoffice.migrations gives it."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import backoffice.models

assert backoffice.models  # imported for its tables


def render_plain_types(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """A new migration names SQLAlchemy's types only."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    render_item=render_plain_types,
    compare_type=True,
)
context.run_migrations()
