"""Exams of which the machine knows only that they began."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class InDoubt(SQLModel, table=True):
    """An intent without a debit so far: the card may be burnt. Support may refund the credit."""

    __tablename__ = "in_doubt"
    __table_args__ = (
        Index("ix_in_doubt_received", "received_at", "machine_id", "credit"),
        Index("ix_in_doubt_machine_received", "machine_id", "received_at", "credit"),
    )

    machine_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="machine.id")
    credit: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    batch: int = Field(sa_type=BigInteger)
    epoch: int = Field(sa_type=BigInteger)
    seq: int = Field(sa_type=BigInteger)
    time: int = Field(sa_type=BigInteger)
    received_at: int
