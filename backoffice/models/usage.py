"""Usage: what the shares are computed from."""

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel


class Usage(SQLModel, table=True):
    """One debit. One credit on one machine is one row, however often it is reported."""

    __tablename__ = "usage"
    __table_args__ = (
        UniqueConstraint("credit", "batch", "machine_id"),
        Index("ix_usage_day_institution", "day", "institution_id"),
        Index("ix_usage_machine_epoch_seq", "machine_id", "epoch", "seq"),
    )

    id: int | None = Field(default=None, primary_key=True)
    machine_id: int = Field(sa_type=BigInteger, foreign_key="machine.id")
    epoch: int = Field(sa_type=BigInteger)
    seq: int = Field(sa_type=BigInteger)
    institution_id: int | None = Field(default=None, foreign_key="institution.id")
    """The machine's institution when the debit arrived."""
    batch: int = Field(sa_type=BigInteger)
    credit: int = Field(sa_type=BigInteger)
    time: int = Field(sa_type=BigInteger)
    """When the exam was; see time_quality."""
    time_quality: str = Field(max_length=12)
    """trusted, hint (the machine's clock was not checked) or estimated (from its neighbours or the arrival)."""
    day: str = Field(max_length=10)
    """Calendar day at the institution."""
    disputed: bool = False
    """True when the credit was debited before on another machine, or the debit came in a forked history."""
    received_at: int
