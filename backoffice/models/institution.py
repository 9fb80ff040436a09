"""Medical institutions."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class Institution(SQLModel, table=True):
    """One institution: where devices stand and cards are used."""

    __tablename__ = "institution"

    id: int | None = Field(default=None, primary_key=True)
    code: int = Field(sa_type=BigInteger, unique=True)
    """The number that batch cards and machines carry (u32, not 0)."""
    name: str = Field(max_length=120, unique=True)
    city: str = Field(default="", max_length=120)
    contact: str = Field(default="", max_length=400)
    timezone: str = Field(default="UTC", max_length=64)
    """Where its day begins."""
    agent_id: int | None = Field(default=None, foreign_key="agent.id", index=True)
    active: bool = True
    created_at: int
