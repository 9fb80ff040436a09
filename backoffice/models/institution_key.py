"""Institution keys, sealed."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class InstitutionKey(SQLModel, table=True):
    """The key from which the read keys of an institution's batch cards are made. It can read them, not forge them."""

    __tablename__ = "institution_key"

    institution_code: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    master_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="master.id")
    sealed_key: bytes = Field(max_length=128)
    """Sealed by the keyring for the purpose ``institution-key:MASTER:CODE``."""
    created_at: int
