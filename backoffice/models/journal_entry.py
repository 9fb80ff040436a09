"""The machines' journals, as they were reported."""

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

COMMON_KINDS = (2, 3, 4, 5)
"""Those of an exam: protocol.journal.INTENT, DEBIT, STARTED, ENDED."""
_RARE = f"kind NOT IN {COMMON_KINDS}"
RARE = text(f"journal_entry.{_RARE}")
"""What is no exam has an index by kind, for which the condition stands in these words; an exam is never far away."""


class JournalEntry(SQLModel, table=True):
    """One entry, stored once and never changed. Its key makes a report that comes twice count once."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        Index("ix_journal_entry_rare", "machine_id", "epoch", "kind", "seq", sqlite_where=text(_RARE)),
        {"sqlite_with_rowid": False},
    )

    machine_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="machine.id")
    epoch: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: int
    time: int = Field(sa_type=BigInteger)
    clock: int
    batch: int = Field(sa_type=BigInteger)
    credit: int = Field(sa_type=BigInteger)
    detail: bytes = Field(max_length=16)
    mac: bytes = Field(max_length=8)
    """The chain's MAC at this entry."""
    received_at: int
