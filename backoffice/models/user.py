"""Users."""

from sqlmodel import Field, SQLModel


class User(SQLModel, table=True):
    """A person who may log in."""

    __tablename__ = "user"

    id: int | None = Field(default=None, primary_key=True)
    login: str = Field(max_length=64, unique=True)
    """Lower case."""
    name: str = Field(max_length=120)
    role: str = Field(max_length=16)
    """administrator, issuer, agent, institution or investor."""
    agent_id: int | None = Field(default=None, foreign_key="agent.id", index=True)
    """Which agent a user of the role agent belongs to."""
    institution_id: int | None = Field(default=None, foreign_key="institution.id", index=True)
    """Which institution a user of the role institution belongs to."""
    password_hash: str = Field(max_length=256)
    """argon2id."""
    password_change_required: bool = False
    """True after a one-time password was given out."""
    active: bool = True
    created_at: int
