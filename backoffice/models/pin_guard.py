"""Wrong PINs."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class PinGuard(SQLModel, table=True):
    """How often the PIN of one card was tried in vain since it was last right."""

    __tablename__ = "pin_guard"

    level: str = Field(max_length=16, primary_key=True)
    """master, white or batch."""
    subject_id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    failures: int = 0
    locked_until: int = 0
