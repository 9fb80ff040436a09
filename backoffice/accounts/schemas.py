"""What the accounts API takes and gives."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, StringConstraints, model_validator

from backoffice.accounts.roles import Role
from backoffice.accounts.secrets import PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS

LoginName = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{1,63}$")
]
DisplayName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
NewPassword = Annotated[SecretStr, Field(min_length=PASSWORD_MIN_CHARS, max_length=PASSWORD_MAX_CHARS)]
GivenPassword = Annotated[SecretStr, Field(max_length=PASSWORD_MAX_CHARS)]
TOKEN_LIFETIME_DAYS_MAX = 400


class Credentials(BaseModel):
    """A login."""

    login: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=64)]
    password: GivenPassword


class PasswordChange(BaseModel):
    """A new password for oneself."""

    current: GivenPassword
    new: NewPassword


class FirstAdministrator(BaseModel):
    """What the one-time setup page sends."""

    token: Annotated[SecretStr, Field(max_length=100)]
    login: LoginName
    name: DisplayName
    password: NewPassword


class UserCreate(BaseModel):
    """A new user. The answer holds a one-time password."""

    login: LoginName
    name: DisplayName
    role: Role
    agent_id: int | None = None
    institution_id: int | None = None

    @model_validator(mode="after")
    def _belongs_where_the_role_says(self) -> "UserCreate":
        if (self.agent_id is not None) != (self.role is Role.AGENT):
            raise ValueError("agent_id goes with the role agent, and only with it")
        if (self.institution_id is not None) != (self.role is Role.INSTITUTION):
            raise ValueError("institution_id goes with the role institution, and only with it")
        return self


class UserUpdate(BaseModel):
    """Changes to a user; what is left out stays."""

    name: DisplayName | None = None
    active: bool | None = None


class UserRead(BaseModel):
    """A user."""

    id: int
    login: str
    name: str
    role: Role
    agent_id: int | None
    institution_id: int | None
    active: bool
    password_change_required: bool
    created_at: int


class OneTimePassword(BaseModel):
    """A user and the password that was made for them. It is shown this once."""

    user: UserRead
    password: str


class ViewerRead(BaseModel):
    """Who is logged in."""

    user_id: int
    login: str
    name: str
    role: Role


class AgentCreate(BaseModel):
    """A new agent."""

    name: DisplayName
    contact: Annotated[str, StringConstraints(max_length=400)] = ""


class AgentUpdate(BaseModel):
    """Changes to an agent; what is left out stays."""

    name: DisplayName | None = None
    contact: Annotated[str, StringConstraints(max_length=400)] | None = None
    active: bool | None = None


class AgentRead(BaseModel):
    """An agent."""

    id: int
    name: str
    contact: str
    active: bool
    created_at: int


class TokenCreate(BaseModel):
    """A new API token for oneself."""

    name: DisplayName
    lifetime_days: int = Field(default=90, ge=1, le=TOKEN_LIFETIME_DAYS_MAX)


class TokenRead(BaseModel):
    """An API token, without its secret."""

    id: int
    name: str
    created_at: int
    expires_at: int
    revoked_at: int | None


class TokenMade(BaseModel):
    """A new API token. It is shown this once."""

    token: str
    read: TokenRead
