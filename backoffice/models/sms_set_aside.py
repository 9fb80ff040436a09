"""Short messages that left the modem's memory without being handed in."""

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class SmsSetAside(SQLModel, table=True):
    """One SMS, or part of one, as the modem showed it: nothing is deleted there that is not stored somewhere."""

    __tablename__ = "sms_set_aside"
    __table_args__ = (UniqueConstraint("digest"), Index("ix_sms_set_aside_stored_at", "stored_at"))

    id: int | None = Field(default=None, primary_key=True)
    stored_at: int
    reason: str = Field(max_length=16)
    """unreadable, half, too_long or foreign."""
    sender: str = Field(max_length=24)
    """Empty: nobody knows."""
    place: str = Field(max_length=16)
    """Where it lay: the memory and the place in it, ``SM 7``."""
    shown: str = Field(max_length=800)
    """The line that the modem showed, usually the PDU in hexadecimal digits."""
    digest: bytes = Field(sa_type=LargeBinary, max_length=32)
    """SHA-256 of that line: what was set aside twice is one row."""
