"""Usage: a row for each debit, and whether it counts."""

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class Usage(SQLModel, table=True):
    """One debit. One credit on one machine is one row, however often it is reported."""

    __tablename__ = "usage"
    __table_args__ = (
        UniqueConstraint("credit", "batch", "machine_id"),
        Index("ix_usage_time", "time", "id"),
        Index("ix_usage_institution_time", "institution_id", "time", "id"),
        Index("ix_usage_machine_time", "machine_id", "time", "id"),
        Index("ix_usage_disputed_time", "time", "id", sqlite_where=text("disputed IS 1")),
        Index("ix_usage_day_institution", "day", "institution_id", "standing", "time"),
        Index("ix_usage_machine_epoch_seq", "machine_id", "epoch", "seq"),
        Index(
            "ix_usage_day_provisional",
            "institution_id",
            sqlite_where=text("day_provisional"),
            postgresql_where=text("day_provisional"),
        ),
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
    """Calendar day at the institution when the debit arrived: see backoffice.days."""
    disputed: bool = False
    """True when the credit was debited elsewhere with a better claim, or the debit came in a forked history."""
    standing: str = Field(default="counted", max_length=12)
    """How it fits what was issued: a word of backoffice.usage.standing. Only what is "counted" is income."""
    day_provisional: bool = False
    """True while the day is UTC's, because the institution's time zone was not known when it was counted."""
    received_at: int
