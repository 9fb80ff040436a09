"""The latest time that this back office believed."""

from sqlmodel import Field, SQLModel


class BelievedTime(SQLModel, table=True):
    """One row: a server that wakes up in 1970 finds here that it is later than that."""

    __tablename__ = "believed_time"

    id: int = Field(primary_key=True)
    newest: int
    """Unix seconds."""
    by_clock: int
    """The latest that was believed of this server's own clock: witnesses move the time only so far beyond it."""
