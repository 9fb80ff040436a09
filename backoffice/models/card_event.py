"""The history of each card."""

from sqlmodel import Field, SQLModel


class CardEvent(SQLModel, table=True):
    """One step of one card. Rows are only ever added."""

    __tablename__ = "card_event"

    id: int | None = Field(default=None, primary_key=True)
    card_id: int = Field(foreign_key="card.id", index=True)
    at: int
    state: str = Field(max_length=16)
    uid: str = Field(default="", max_length=20)
    reason: str = Field(default="", max_length=32)
