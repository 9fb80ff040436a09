"""Commands that wait for a machine."""

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field, SQLModel


class MachineCommand(SQLModel, table=True):
    """One command. It goes out in the sealed ack of every report until the machine's journal says that it was done."""

    __tablename__ = "machine_command"
    __table_args__ = (Index("ix_machine_command_machine_state", "machine_id", "state"),)

    id: int | None = Field(default=None, primary_key=True)
    """The id that the machine sees; a machine does one id once."""
    machine_id: int = Field(sa_type=BigInteger, foreign_key="machine.id")
    kind: int
    """The kind's number in protocol.uplink."""
    args: bytes = Field(sa_type=LargeBinary, max_length=256)
    """CBOR list."""
    state: str = Field(default="queued", max_length=16)
    """queued, sent, done or cancelled."""
    created_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: int
    sent_at: int | None = None
    """When it last went out."""
    sent_count: int = 0
    done_at: int | None = None
