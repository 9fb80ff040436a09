"""Short messages that go out."""

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field, SQLModel


class SmsOut(SQLModel, table=True):
    """One SMS for a machine: a sealed ack or push. It is sent until the platform has it, so often and no more."""

    __tablename__ = "sms_out"
    __table_args__ = (
        Index("ix_sms_out_state_next", "state", "next_at"),
        Index("ix_sms_out_machine_created", "machine_id", "created_at"),
        Index("ix_sms_out_state_created", "state", "created_at", "id"),
        Index("ix_sms_out_machine_state", "machine_id", "state", "created_at", "id"),
        Index("ix_sms_out_created_at", "created_at"),
        Index("ix_sms_out_number_handed_over", "number", "handed_over_at"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    """Also what delivery reports name and what a push is sealed with: a number that was used never comes again."""
    machine_id: int = Field(sa_type=BigInteger, foreign_key="machine.id")
    sms_in_id: int | None = Field(default=None, foreign_key="sms_in.id", index=True)
    """The report that it answers."""
    number: str = Field(max_length=24)
    kind: str = Field(max_length=16)
    """ack or push."""
    body: bytes = Field(sa_type=LargeBinary, max_length=1120)
    parts: int
    """How many short messages it takes on the air, which is what it costs."""
    state: str = Field(default="queued", max_length=16)
    """queued, submitted, sent, delivered, failed or expired."""
    created_at: int
    changed_at: int
    next_at: int
    """When to hand it to the platform."""
    handed_over_at: int | None = None
    """When it was last handed to the platform, or was about to be."""
    attempts: int = 0
    platform: str = Field(default="", max_length=16)
    """Which platform has it."""
    provider_id: str | None = Field(default=None, max_length=120)
    """The platform's own number of it. A modem's is one byte, and begins anew when the modem does: which SMS a delivery
    report means is told by the time at which the network took it, too."""
    error: str = Field(default="", max_length=40)
    """Why the last attempt failed, or why it is not sent any more: a code of docs/errors.md."""
