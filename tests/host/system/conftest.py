"""Real firmware on emulated boards in virtual time, the real back office on SQLite, and a wire between them."""

from collections.abc import Iterator

import pytest
import structlog
from fastapi.testclient import TestClient

from backoffice import logs
from backoffice.context import Context
from emulator.kit import TestAuthority
from emulator.world import World
from tests.host.backoffice.conftest import administrator, app, clock, context, migrated, settings, visitor
from tests.host.system.clinic import BATCH, COUNT, FIRST, SEED, Clinic, Office, Prepared
from tests.host.system.wire import Wire, listening

__all__ = [
    "administrator",
    "app",
    "clock",
    "context",
    "migrated",
    "settings",
    "visitor",
]  # fixtures of the back office's tests


@pytest.fixture(autouse=True)
def logging() -> Iterator[None]:
    """As a server configures it: what structlog does by itself spends seconds on one traceback."""
    logs.configure("error", as_json=True)
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def wire() -> Iterator[Wire]:
    with listening() as wire:
        yield wire


@pytest.fixture(scope="session")
def prepared(wire: Wire) -> Prepared:
    authority = TestAuthority(seed=SEED)
    return Prepared(authority, wire, authority.batch(BATCH, FIRST, COUNT))


@pytest.fixture
def clinic(prepared: Prepared) -> Iterator[Clinic]:
    with World(seed=SEED) as world:
        yield Clinic(world, prepared)


@pytest.fixture
def office(context: Context, administrator: TestClient, wire: Wire, prepared: Prepared) -> Iterator[Office]:
    """Knows machines 1 and 2."""
    office = Office(context, administrator, wire, prepared.authority)
    office.register(1, 2)
    wire.connect(administrator)
    yield office
    wire.hang_up()
