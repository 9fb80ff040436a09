"""Two servers of one world: one in which others have everything, and one in which there are no others."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backoffice.accounts.access import COOKIE
from backoffice.app import create_app
from backoffice.events.moment import Moment
from backoffice.settings import Settings
from tests.host.backoffice.conftest import settings_in
from tests.host.backoffice.scopes.world import PEOPLE, SAME_START, Foreign, grow_foreign, grow_own
from tests.host.backoffice.support import ORIGIN, HandClock, log_in


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The two worlds are made once, not once a worker."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("scopes"))


@dataclass(frozen=True)
class Worlds:
    """``alone`` has nobody in it but those who look and what is theirs; ``shared`` has others, too."""

    alone: FastAPI
    shared: FastAPI
    cookies: dict[str, str]
    foreign: Foreign

    def browsers(self, login: str) -> list[TestClient]:
        """Two browsers of one of ``PEOPLE``, with the same login in either world."""
        own = {COOKIE: self.cookies[login]}
        return [TestClient(app, base_url=ORIGIN, cookies=own) for app in (self.alone, self.shared)]


@pytest.fixture(scope="package")
def worlds(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """Whatever differs between them differs by what is foreign, and by nothing else."""
    alone, shared = (settings_in(tmp_path_factory.mktemp(name)) for name in ("alone", "shared"))
    shutil.copyfile(migrated, alone.database_path)
    clock = HandClock()
    first = create_app(alone, clock)
    grow_own(first)
    cookies = {login: log_in(first, login).cookies[COOKIE] for login in PEOPLE}
    first.state.context.close()
    _copy(alone, shared)
    second = create_app(shared, clock)
    second.state.context.broker.moment = Moment(SAME_START)
    foreign = grow_foreign(second, clock)
    apps = create_app(alone, clock), create_app(shared, clock)
    for app, moment in zip(apps, (Moment(SAME_START), second.state.context.broker.moment), strict=True):
        app.state.context.broker.moment = moment
    yield Worlds(*apps, cookies, foreign)
    for app in (*apps, second):
        app.state.context.close()


def _copy(source: Settings, target: Settings) -> None:
    """The database as it is now, also what is in its log still, and the keys."""
    shutil.copytree(source.keyring_path.parent, target.keyring_path.parent)
    with closing(sqlite3.connect(source.database_path)) as of, closing(sqlite3.connect(target.database_path)) as to:
        of.backup(to)
