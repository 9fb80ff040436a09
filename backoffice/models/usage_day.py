"""Kept counters: exams by day, institution and machine."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class UsageDay(SQLModel, table=True):
    """What the rows of ``usage`` with this key come to. The database itself keeps it so: triggers (migration 0007)
    follow every insert, update and delete, whoever makes it.
    """

    __tablename__ = "usage_day"
    __table_args__ = (
        Index("ix_usage_day_institution_id_day", "institution_id", "day"),
        Index("ix_usage_day_machine_id_day", "machine_id", "day"),
        {"sqlite_with_rowid": False},
    )

    day: str = Field(max_length=10, primary_key=True)
    """Calendar day at the institution: usage.day."""
    institution_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """0: none."""
    machine_id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    exams: int
    """Debits that count as income."""
    disputed: int
    """Those of them that are disputed."""
    uncounted: int
    """Debits that are kept and do not count."""
