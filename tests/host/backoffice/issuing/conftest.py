"""An issuing desk: a back office, devices on loopback sockets, boxes of cards."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backoffice.authority.sealing import Cost
from tests.host.backoffice.issuing.fake_device import FakeDevice
from tests.host.backoffice.issuing.shop import Shop

CHEAP = Cost(memory_log2_kib=4, passes=1)
"""One guess costs nothing in a test."""


@pytest.fixture
def devices() -> Iterator[list[FakeDevice]]:
    made: list[FakeDevice] = []
    yield made
    for device in made:
        device.close()


@pytest.fixture
def shop(app: FastAPI, administrator: TestClient, devices: list[FakeDevice]) -> Shop:
    """Nothing is made yet."""
    app.state.workshop.cost = CHEAP
    return Shop(app, administrator, devices)


@pytest.fixture
def master_shop(shop: Shop) -> Shop:
    """The master card is made, the authority's session is open, master and child issuer are initialised."""
    shop.make_master()
    shop.open_authority()
    shop.provision(shop.master_issuer, "master_issuer")
    shop.provision(shop.child_issuer, "child_issuer")
    return shop


@pytest.fixture
def batch_shop(master_shop: Shop) -> Shop:
    """There is a swipe machine, a white card of 100 credits, and a batch card of 5."""
    master_shop.make_machine()
    master_shop.make_white(quota=100)
    master_shop.make_batch(count=5)
    return master_shop
