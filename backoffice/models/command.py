"""Commands that wait for a machine."""

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field, SQLModel


class MachineCommand(SQLModel, table=True):
    """One command. It goes out in the sealed ack of every report until the machine's journal says that it was done."""

    __tablename__ = "machine_command"
    __table_args__ = (
        Index("ix_machine_command_machine_state", "machine_id", "state"),
        Index("ix_machine_command_machine_id", "machine_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    """The id that the machine sees; a machine does one id once, so none may ever come again (repository.next_id)."""
    machine_id: int = Field(sa_type=BigInteger, foreign_key="machine.id")
    kind: int
    """The kind's number in protocol.uplink."""
    args: bytes = Field(sa_type=LargeBinary, max_length=2048)
    """CBOR list, as a person may see it: passwords and PINs are blanked."""
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary, max_length=2176)
    """The CBOR list as the machine gets it, sealed by the keyring for ``order:MACHINE:ID``; None when nothing in it is
    secret, and once the command has ended."""
    state: str = Field(default="queued", max_length=16)
    """queued, sent, done, failed or cancelled."""
    created_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: int
    sent_at: int | None = None
    """When it last went out."""
    sent_count: int = 0
    done_at: int | None = None
    """When the machine's answer came, or when it was cancelled."""
    result: str = Field(default="", max_length=16)
    """The machine's answer as a word of backoffice.commands.results; empty while there is none."""
    sent_epoch: int | None = Field(default=None, sa_type=BigInteger)
    """In which epoch of the machine it last went out."""
    order_number: int | None = Field(default=None, sa_type=BigInteger)
    """The strictly rising number of an order that the authority signed; None for others."""
    answer_seq: int | None = Field(default=None, sa_type=BigInteger)
    """The journal entry with the machine's answer."""
