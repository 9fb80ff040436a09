"""A real back office on a real SQLite file, for every test of it."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backoffice import logs, migrations
from backoffice.accounts.roles import Role
from backoffice.app import create_app
from backoffice.context import Context
from backoffice.db import make_engine
from backoffice.keyring import Keyring
from backoffice.settings import Settings
from tests.host.backoffice.support import ORIGIN, HandClock, log_in, make_user


@pytest.fixture(scope="session", autouse=True)
def quiet_logs() -> None:
    logs.configure("error", as_json=True)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def settings_in(folder: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{folder / 'perscan.db'}", keyring_path=folder / "keys" / "keyring.json")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of the newest shape, to copy: migrating from nothing takes a while."""
    settings = settings_in(tmp_path_factory.mktemp("migrated"))
    engine = make_engine(settings)
    migrations.upgrade(engine)
    engine.dispose()
    return settings.database_path


@pytest.fixture
def settings(tmp_path: Path, migrated: Path) -> Settings:
    placed = settings_in(tmp_path)
    copyfile(migrated, placed.database_path)
    Keyring.load_or_create(placed.keyring_path)
    return placed


@pytest.fixture
def app(settings: Settings, clock: HandClock) -> Iterator[FastAPI]:
    made = create_app(settings, clock)
    yield made
    made.state.context.close()  # no lifespan ran unless the test entered its client


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
