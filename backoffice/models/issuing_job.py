"""Issuing jobs."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class IssuingJob(SQLModel, table=True):
    """One bulk order at one issuer. Its cards are rows of `card`; its PIN is in memory only, so a resume asks again."""

    __tablename__ = "issuing_job"
    __table_args__ = (
        Index("ix_issuing_job_changed", "changed_at", "id"),
        Index("ix_issuing_job_state", "state"),
        Index("ix_issuing_job_state_changed", "state", "changed_at", "id"),
        Index("ix_issuing_job_batch", "batch_id", "kind"),
        Index("ix_issuing_job_device", "device_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=16)
    """white, batch or one_time."""
    device_id: int = Field(foreign_key="device.id")
    state: str = Field(default="running", max_length=16)
    """running, paused, cancelled (both can be resumed) or done."""
    total: int
    """How many cards were ordered."""
    master_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="master.id")
    white_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="white.id")
    batch_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="batch.id")
    step: str = Field(default="", max_length=32)
    """What the person at the desk is asked to do now."""
    error_code: str = Field(default="", max_length=40)
    """Why it is paused."""
    error_message: str = Field(default="", max_length=300)
    warning: str = Field(default="", max_length=32)
    """weak_medium when cards that can be copied are used."""
    created_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: int
    changed_at: int
