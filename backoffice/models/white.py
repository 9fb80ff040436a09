"""White cards, as certificates."""

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel


class White(SQLModel, table=True):
    """One white certificate: the right to issue a range of credits. Its private key is on the card, never here."""

    __tablename__ = "white"

    id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    """white_id (u32, not 0)."""
    master_id: int = Field(sa_type=BigInteger, foreign_key="master.id")
    first_credit: int = Field(sa_type=BigInteger)
    quota: int = Field(sa_type=BigInteger)
    next_credit: int = Field(sa_type=BigInteger)
    """First credit that no batch has drawn; the card's own draw counter says the same."""
    expires: int = Field(sa_type=BigInteger)
    """Unix seconds; 0 = never."""
    issuer_key: bytes = Field(sa_type=LargeBinary, max_length=64)
    certificate: bytes = Field(sa_type=LargeBinary, max_length=512)
    created_at: int
