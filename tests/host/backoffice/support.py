"""What tests of the back office share: a clock in the hand, users, logins."""

from functools import cache

from fastapi import FastAPI
from fastapi.testclient import TestClient

from backoffice.accounts import repository, service
from backoffice.accounts.access import COOKIE
from backoffice.accounts.roles import Role
from backoffice.accounts.secrets import hash_password
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.models import User

ORIGIN = "http://testserver"
PASSWORD = "correct horse battery"  # noqa: S105
NOW = 1_795_400_000


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@cache
def password_hash() -> str:
    """Hashed once: argon2 is slow on purpose."""
    return hash_password(PASSWORD)


def make_user(
    context: Context, login: str, role: Role, *, agent_id: int | None = None, institution_id: int | None = None
) -> None:
    """A user with the password PASSWORD."""
    user = User(
        login=login,
        name=login.title(),
        role=role.value,
        agent_id=agent_id,
        institution_id=institution_id,
        password_hash=password_hash(),
        created_at=context.clock(),
    )
    with transaction(context.engine) as session:
        repository.add(session, user)


def log_in(app: FastAPI, login: str) -> TestClient:
    """The browser of a user, logged in without the slow check of the password (test_accounts.py has that)."""
    context: Context = app.state.context
    with transaction(context.engine) as session:
        user = repository.user_by_login(session, login)
        assert user is not None
        token = service.open_login_session(session, user, context.settings.login_lifetime_s, context.clock())
    return TestClient(app, base_url=ORIGIN, headers={"Origin": ORIGIN}, cookies={COOKIE: token})
