"""A real server with a small world in it, and a real browser that looks at it."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from playwright.sync_api import Browser, expect, sync_playwright

from backoffice.accounts.roles import Role
from backoffice.app import create_app
from backoffice.context import Context
from backoffice.settings import Settings
from tests.host.backoffice.support import HandClock, make_user
from tests.host.backoffice.web.door import Door
from tests.host.backoffice.web.office import PATIENCE_MS, Office, Visit
from tests.host.backoffice.web.seed import grow

MONDAY_AFTERNOON = 1_795_445_000
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
STOP_PATIENCE_S = 20
CACHE = Path(__file__).parents[4] / "build" / "cache"
"""The chart library takes seconds to make: once is enough."""


expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all of these tests: they share a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window. Playwright's event loop runs in this thread until it ends: a later test that
    wants one of its own must not meet it.
    """
    if os.environ.get("PERSCAN_NO_BROWSER") == "1":
        pytest.skip("PERSCAN_NO_BROWSER=1: tests with a browser are left out")
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.fail(
            "No Chromium was found, and pages are tested in a real browser. Install it (apt-get install chromium), "
            "or set PERSCAN_NO_BROWSER=1 to leave these tests out."
        )
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database and the keyring of the small world."""
    return _make(tmp_path_factory.mktemp("grown"), plant=True)


@pytest.fixture(scope="package")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with nothing but users in it."""
    return _make(tmp_path_factory.mktemp("bare"), plant=False)


@pytest.fixture
def office(grown: Path, tmp_path: Path) -> Iterator[Office]:
    """A running server of its own for each test: what one test changes, no other sees."""
    yield from _serve(grown, tmp_path / "house")


@pytest.fixture
def empty_office(bare: Path, tmp_path: Path) -> Iterator[Office]:
    """A running server on its first day."""
    yield from _serve(bare, tmp_path / "house")


@pytest.fixture
def new_office(tmp_path: Path) -> Iterator[Office]:
    """A running server that nobody has set up yet."""
    yield from _serve(None, tmp_path / "house")


@pytest.fixture
def visit(browser: Browser, office: Office) -> Iterator[Visit]:
    """An administrator's browser, logged in. Nothing may appear in its console."""
    with Visit(browser, office) as visitor:
        visitor.enter("admin")
        yield visitor


def _make(folder: Path, *, plant: bool) -> Path:
    context = _context(folder)
    make_user(context, "admin", Role.ADMINISTRATOR)
    if plant:
        grow(context)
        make_user(context, "clinic", Role.INSTITUTION, institution_id=1)
        make_user(context, "investor", Role.INVESTOR)
    context.close()
    return folder


def _context(folder: Path) -> Context:
    context: Context = create_app(_settings(folder), _clock()).state.context
    return context


def _serve(origin: Path | None, folder: Path) -> Iterator[Office]:
    if origin is not None:
        shutil.copytree(origin, folder)
    clock = _clock()
    app = create_app(_settings(folder), clock)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # who comes before the server is up waits, instead of being refused
        door = Door(app)
        server = uvicorn.Server(uvicorn.Config(door, log_level="warning", timeout_graceful_shutdown=2, lifespan="on"))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield Office(app, app.state.context, clock, f"http://127.0.0.1:{listener.getsockname()[1]}", door)
        server.should_exit = True
        thread.join(STOP_PATIENCE_S)
    assert not thread.is_alive(), "the server did not stop"


def _clock() -> HandClock:
    clock = HandClock()
    clock.now = MONDAY_AFTERNOON
    return clock


def _settings(folder: Path) -> Settings:
    return Settings(
        database_url=f"sqlite:///{folder / 'perscan.db'}",
        keyring_path=folder / "keys" / "keyring.json",
        cache_path=CACHE,
        log_level="error",
    )
