"""What tests of the back office share: a clock in the hand, users, logins."""

from fastapi import FastAPI
from fastapi.testclient import TestClient

from backoffice.accounts import service as accounts
from backoffice.accounts.roles import Role
from backoffice.accounts.schemas import UserCreate
from backoffice.context import Context
from backoffice.db import transaction

ORIGIN = "http://testserver"
PASSWORD = "correct horse battery"  # noqa: S105
NOW = 1_795_400_000


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def make_user(
    context: Context, login: str, role: Role, *, agent_id: int | None = None, institution_id: int | None = None
) -> None:
    wanted = UserCreate(login=login, name=login.title(), role=role, agent_id=agent_id, institution_id=institution_id)
    with transaction(context.engine) as session:
        accounts.create_user_with_password(session, wanted, PASSWORD, context.clock())


def log_in(app: FastAPI, login: str) -> TestClient:
    client = TestClient(app, base_url=ORIGIN, headers={"Origin": ORIGIN})
    answer = client.post("/api/v1/login", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return client
