"""A back office with a small world in it, to ask how each of its questions is answered."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlmodel import select

from backoffice.accounts.roles import Role
from backoffice.app import create_app
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.keyring import Keyring
from backoffice.models import Agent, Institution
from backoffice.settings import Settings
from tests.host.backoffice.plans.statements import Heard, listening
from tests.host.backoffice.plans.visits import visits
from tests.host.backoffice.support import HandClock, log_in, make_user
from tests.host.backoffice.web.seed import grow

MONDAY_AFTERNOON = 1_795_445_000
VIEWERS = ("admin", "issuer", "investor", "agent", "clinic")
ANSWERED = {200, 303}
NOT_FOR_EVERYBODY = ANSWERED | {403, 404}


@pytest.fixture(scope="package")
def office(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The application with three institutions, and one user of each kind of viewer."""
    folder = tmp_path_factory.mktemp("plans")
    shutil.copyfile(migrated, folder / "perscan.db")
    clock = HandClock()
    clock.now = MONDAY_AFTERNOON
    url = f"sqlite:///{folder / 'perscan.db'}"
    settings = Settings(database_url=url, keyring_path=folder / "keyring.json")
    Keyring.load_or_create(settings.keyring_path)
    app = create_app(settings, clock)
    context: Context = app.state.context
    make_user(context, "admin", Role.ADMINISTRATOR)
    grow(context)
    _viewers(context)
    yield app
    context.close()


@pytest.fixture(scope="package")
def heard(office: FastAPI) -> Heard:
    """Every statement that any page or list sends, whoever looks at it."""
    with listening() as heard:
        for login in VIEWERS:
            _look_at_everything(office, login, heard)
    return heard


def _viewers(context: Context) -> None:
    with transaction(context.engine) as session:
        agent = Agent(name="North agent", created_at=context.clock())
        session.add(agent)
        session.flush()
        for institution in session.exec(select(Institution).where(Institution.code < 3)):
            institution.agent_id = agent.id
    make_user(context, "issuer", Role.ISSUER)
    make_user(context, "investor", Role.INVESTOR)
    make_user(context, "agent", Role.AGENT, agent_id=agent.id)
    make_user(context, "clinic", Role.INSTITUTION, institution_id=1)


def _look_at_everything(app: FastAPI, login: str, heard: Heard) -> None:
    client = log_in(app, login)
    allowed = ANSWERED if login == "admin" else NOT_FOR_EVERYBODY
    unanswered = []
    for visit in visits(app):
        heard.during = f"{login}: GET {visit.path}"
        status = client.get(visit.path, follow_redirects=False).status_code
        if status not in allowed:
            unanswered.append((visit.path, status))
    client.close()
    assert not unanswered, unanswered
