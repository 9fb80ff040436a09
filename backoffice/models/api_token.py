"""API tokens of programs."""

from sqlmodel import Field, SQLModel


class ApiToken(SQLModel, table=True):
    """A bearer token acting for a user. It is shown once; only its hash is here."""

    __tablename__ = "api_token"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    name: str = Field(max_length=120)
    token_hash: bytes = Field(max_length=32, unique=True)
    created_at: int
    expires_at: int
    revoked_at: int | None = None
