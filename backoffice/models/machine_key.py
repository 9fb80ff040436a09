"""Machine keys, sealed."""

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel


class MachineKey(SQLModel, table=True):
    """The key of one machine in one epoch. Older epochs stay: their last reports may still arrive."""

    __tablename__ = "machine_key"

    machine_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="machine.id")
    epoch: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    sealed_key: bytes = Field(max_length=128)
    """Sealed by the keyring for the purpose ``machine-key:MACHINE:EPOCH``."""
    created_at: int
    committed: bool = False
    """False while nobody knows whether the machine took it: it was sent, and neither answer nor report came yet."""
    lock_args: bytes = Field(default=b"", sa_type=LargeBinary, max_length=256)
    """A lock, signed for this epoch, that goes out when the epoch begins (CBOR arguments); empty when there is none."""
