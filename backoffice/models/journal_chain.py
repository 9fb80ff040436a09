"""Where each machine's journal stands."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class JournalChain(SQLModel, table=True):
    """The journal of one machine in one epoch: up to where it is complete."""

    __tablename__ = "journal_chain"

    machine_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="machine.id")
    epoch: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    contiguous_seq: int = Field(sa_type=BigInteger)
    """Every entry up to here is stored, or its absence was accepted by a person."""
    contiguous_mac: bytes = Field(max_length=8)
    """The chain's MAC at that entry: what the next one has to link to."""
    highest_seq: int = Field(sa_type=BigInteger)
    forked: bool = False
    """True when two histories were reported: the machine's memory was restored or copied."""
