"""Entries that are missing."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class JournalGap(SQLModel, table=True):
    """A stretch of a journal for which an administrator accepted that it will never come."""

    __tablename__ = "journal_gap"

    machine_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="machine.id")
    epoch: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    first_seq: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    last_seq: int = Field(sa_type=BigInteger)
    accepted_by: int = Field(foreign_key="user.id")
    accepted_at: int
    reason: str = Field(max_length=400)
