"""Kept counters: exams by institution and machine, of all time."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class UsageTotal(SQLModel, table=True):
    """The same as ``usage_day``, over all days: what is not asked by day costs no walk through the days."""

    __tablename__ = "usage_total"
    __table_args__ = (
        Index("ix_usage_total_machine_id", "machine_id"),
        {"sqlite_with_rowid": False},
    )

    institution_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """0: none."""
    machine_id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    exams: int
    disputed: int
    uncounted: int
