"""Entries of another history of the same machine."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class JournalFork(SQLModel, table=True):
    """An entry of another history than the stored one. It is kept beside the first one, never over it."""

    __tablename__ = "journal_fork"
    __table_args__ = {"sqlite_with_rowid": False}

    machine_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="machine.id")
    epoch: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    mac: bytes = Field(max_length=8, primary_key=True)
    kind: int
    time: int = Field(sa_type=BigInteger)
    clock: int
    batch: int = Field(sa_type=BigInteger)
    credit: int = Field(sa_type=BigInteger)
    detail: bytes = Field(max_length=16)
    linked: bool
    """True when its history is complete down to where it left the first one."""
    received_at: int
