"""Entries that are stored, and whose meaning is still to be worked out."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class Deferred(SQLModel, table=True):
    """A stretch of a journal that is kept and acknowledged, but not yet usage: something else was in the way."""

    __tablename__ = "deferred"
    __table_args__ = (Index("ix_deferred_tried_at", "tried_at", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    machine_id: int = Field(sa_type=BigInteger, foreign_key="machine.id", index=True)
    epoch: int = Field(sa_type=BigInteger)
    first_seq: int = Field(sa_type=BigInteger)
    last_seq: int = Field(sa_type=BigInteger)
    other_history: bool
    """True when the entries are in journal_fork."""
    since: int
    tried_at: int
    attempts: int = 0
    error: str = Field(default="", max_length=80)
    """What was in the way at the last attempt: the kind of the error, nothing of what was stored."""
