"""Short messages that came in."""

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class SmsIn(SQLModel, table=True):
    """One SMS that a platform handed in. The same one handed in again counts up; it does not make another row."""

    __tablename__ = "sms_in"
    __table_args__ = (
        UniqueConstraint("platform", "identity"),
        Index("ix_sms_in_received_at", "received_at"),
        Index("ix_sms_in_machine_received", "machine_id", "received_at"),
        Index("ix_sms_in_state_received", "state", "received_at", "id"),
        Index("ix_sms_in_machine_state", "machine_id", "state", "received_at", "id"),
        Index("ix_sms_in_digest", "digest"),
        Index("ix_sms_in_state_next", "state", "next_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    platform: str = Field(max_length=16)
    """webhook, kannel or modem."""
    provider_id: str = Field(max_length=120)
    """The platform's own number of the SMS, for who looks it up there. Platforms begin anew: it identifies nothing."""
    identity: bytes = Field(sa_type=LargeBinary, max_length=32)
    """What makes two hand-ins the same SMS: see backoffice/sms/handed_in.py."""
    sender: str = Field(max_length=24)
    received_at: int
    """When it was first handed in."""
    handed_in_at: int
    """When it was last handed in."""
    size_bytes: int
    digest: bytes = Field(sa_type=LargeBinary, max_length=32)
    """SHA-256 of the content."""
    body: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The content, until it is decided what becomes of it."""
    state: str = Field(default="received", max_length=16)
    """received, taken, refused or duplicate."""
    machine_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="machine.id")
    """Whose genuine report it is."""
    repeats: int = 0
    """How often it was handed in again."""
    error: str = Field(default="", max_length=40)
    """Why it was refused, or why it is still undecided: a code of docs/errors.md."""
    tries: int = 0
    """How often it could not be decided."""
    next_at: int
    """When the worker decides it, if nobody has by then."""
