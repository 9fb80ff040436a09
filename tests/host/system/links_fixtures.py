"""Fixtures of the tests of links: imported by them, because a conftest would make every system test pay."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from backoffice.context import Context
from emulator.kit import TestAuthority
from emulator.world import World
from tests.host.system.clinic import Office
from tests.host.system.uplinks import (
    BATCH,
    COUNT,
    FIRST,
    OFFICE_NUMBER,
    SEED,
    Images,
    TlsWire,
    Uplinks,
    WorldClock,
    tls_listening,
)


@pytest.fixture(scope="session")
def tls_wire() -> Iterator[TlsWire]:
    with tls_listening() as wire:
        yield wire


@pytest.fixture(scope="session")
def images(tls_wire: TlsWire) -> Images:
    authority = TestAuthority(seed=SEED)
    return Images(authority, authority.batch(BATCH, FIRST, COUNT), tls_wire)


@pytest.fixture
def clock() -> WorldClock:
    return WorldClock()


@pytest.fixture
def lines(
    context: Context,
    administrator: TestClient,
    visitor: TestClient,
    tls_wire: TlsWire,
    images: Images,
    clock: WorldClock,
) -> Iterator[Uplinks]:
    """A back office that knows machine 1, and a world whose phone network leads to it."""
    Office(context, administrator, tls_wire.wire, images.authority).register(1)
    tls_wire.wire.connect(visitor)
    with World(seed=SEED) as world:
        clock.world = world
        lines = Uplinks(world, images, context, visitor)
        world.phone.smsc.application(OFFICE_NUMBER, lines.take_sms)
        world.phone.gprs.routes["127.0.0.1", tls_wire.port] = ("127.0.0.1", tls_wire.port)
        yield lines
    tls_wire.wire.hang_up()


@pytest.fixture
def office(context: Context, administrator: TestClient, tls_wire: TlsWire, images: Images) -> Office:
    return Office(context, administrator, tls_wire.wire, images.authority)
