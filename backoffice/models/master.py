"""Master cards."""

from sqlalchemy import BigInteger, Index, LargeBinary, text
from sqlmodel import Field, SQLModel


class Master(SQLModel, table=True):
    """One master card: the root of everything. At most one is not retired. Its secret is on the card, never here."""

    __tablename__ = "master"
    __table_args__ = (
        Index(
            "uq_master_active", "current", unique=True, sqlite_where=text("current"), postgresql_where=text("current")
        ),
    )

    id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    """master_id (u32, not 0)."""
    state: str = Field(max_length=16)
    """making, active, retired or abandoned (its making failed)."""
    current: bool = True
    """True while making or active: the database allows one such row."""
    authority_key: bytes = Field(sa_type=LargeBinary, max_length=64)
    """X || Y of the key that signs white cards and provisionings."""
    kdf: str = Field(max_length=64)
    """How its secret is sealed under the PIN."""
    next_credit: int = Field(default=1, sa_type=BigInteger)
    """First credit that no white card was signed for."""
    created_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: int
    retired_at: int | None = None
    retired_reason: str = Field(default="", max_length=200)
