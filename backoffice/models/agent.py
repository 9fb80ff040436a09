"""Agents: they serve institutions and see those only."""

from sqlmodel import Field, SQLModel


class Agent(SQLModel, table=True):
    """One agent."""

    __tablename__ = "agent"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=120, unique=True)
    contact: str = Field(default="", max_length=400)
    active: bool = True
    created_at: int
