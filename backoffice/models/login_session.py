"""Login sessions of browsers."""

from sqlmodel import Field, SQLModel


class LoginSession(SQLModel, table=True):
    """One login. The cookie holds a random token; only its hash is here."""

    __tablename__ = "login_session"

    token_hash: bytes = Field(max_length=32, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    created_at: int
    expires_at: int = Field(index=True)
