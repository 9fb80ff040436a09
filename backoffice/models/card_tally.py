"""Kept tallies of cards: what a page would otherwise count."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class CardTally(SQLModel, table=True):
    """How many cards of one scope have one name. The database itself keeps it so: triggers (migration 0006) follow
    every insert, update and delete of cards, batches and debits, whoever makes it.
    """

    __tablename__ = "card_tally"
    __table_args__ = {"sqlite_with_rowid": False}

    scope: str = Field(max_length=12, primary_key=True)
    """all, institution, batch or job."""
    subject: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    """An institution's code, the id of a batch or of a job; 0 for all."""
    name: str = Field(max_length=40, primary_key=True)
    """LEVEL.STATE, LEVEL.OUTCOME, one_time.used (each card once), weak (in use and can be copied), batches,
    ordered (credits of batches)."""
    number: int
