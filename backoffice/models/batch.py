"""Batches, as certificates."""

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

ALIVE = text("batch.state <> 'cancelled'")
"""The condition on which lists of batches have their indexes. In these words only: a parameter would not be the same
to the planner.
"""
_ALIVE = text("state <> 'cancelled'")


class Batch(SQLModel, table=True):
    """One batch: a range of credits for one machine. K_batch is on the batch card, never here."""

    __tablename__ = "batch"
    __table_args__ = (
        UniqueConstraint("institution_code", "batch_number"),
        Index("ix_batch_institution_id", "institution_code", "id"),
        Index("ix_batch_planned_state", "one_time_planned", "state", "id"),
        Index("ix_batch_alive", "created_at", "id", sqlite_where=_ALIVE),
        Index("ix_batch_alive_institution", "institution_code", "created_at", "id", sqlite_where=_ALIVE),
        Index("ix_batch_alive_machine", "machine_id", "created_at", "id", sqlite_where=_ALIVE),
    )

    id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    """batch_id (u32, not 0)."""
    white_id: int = Field(sa_type=BigInteger, foreign_key="white.id", index=True)
    institution_code: int = Field(sa_type=BigInteger)
    batch_number: int = Field(sa_type=BigInteger)
    """Counts per institution, from 1."""
    first_credit: int = Field(sa_type=BigInteger, index=True)
    count: int = Field(sa_type=BigInteger)
    machine_id: int = Field(sa_type=BigInteger, foreign_key="machine.id", index=True)
    """The one machine that it is for."""
    epoch: int = Field(sa_type=BigInteger)
    expires: int = Field(sa_type=BigInteger)
    """Unix seconds; 0 = never."""
    state: str = Field(default="planned", max_length=16)
    """planned, drawing, drawn (the white card's counter has moved), signed or cancelled (its credits are void)."""
    certificate: bytes = Field(default=b"", sa_type=LargeBinary, max_length=512)
    """Empty until it is signed."""
    created_at: int
    one_time_planned: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})
    """Whether its one-time cards were ordered. Kept by the database itself (migration 0007)."""
