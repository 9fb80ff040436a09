"""A real back office on a real SQLite file, for every test of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backoffice.accounts.roles import Role
from backoffice.app import create_app
from backoffice.context import Context
from backoffice.settings import Settings
from tests.host.backoffice.support import ORIGIN, HandClock, log_in, make_user


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        database_url=f"sqlite:///{tmp_path / 'perscan.db'}", keyring_path=tmp_path / "keys" / "keyring.json"
    )


@pytest.fixture
def app(settings: Settings, clock: HandClock) -> FastAPI:
    return create_app(settings, clock)


@pytest.fixture
def context(app: FastAPI) -> Context:
    found: Context = app.state.context
    return found


@pytest.fixture
def visitor(app: FastAPI) -> Iterator[TestClient]:
    """A browser on which nobody is logged in."""
    with TestClient(app, base_url=ORIGIN, headers={"Origin": ORIGIN}) as client:
        yield client


@pytest.fixture
def administrator(app: FastAPI, visitor: TestClient, context: Context) -> TestClient:
    """The browser of an administrator."""
    make_user(context, "admin", Role.ADMINISTRATOR)
    return log_in(app, "admin")
