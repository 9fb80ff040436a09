"""A world with one authority; machines of it are made in the tests."""

from collections.abc import Iterator

import pytest

from emulator.device import Board
from emulator.kit import BatchOrder, TestAuthority, swipe_machine, tap
from emulator.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with World(seed=1) as world:
        yield world


@pytest.fixture(scope="session")
def authority() -> TestAuthority:
    return TestAuthority(seed=1)


@pytest.fixture
def order(authority: TestAuthority) -> BatchOrder:
    return authority.batch(batch_id=7, first_credit=1000, count=100)


@pytest.fixture
def blank_swipe(world: World, authority: TestAuthority) -> Board:
    """Provisioned, no batch yet."""
    return swipe_machine(world, authority)


@pytest.fixture
def machine(blank_swipe: Board, authority: TestAuthority, order: BatchOrder) -> Board:
    """Provisioned and initialised with the batch."""
    assert tap(blank_swipe, authority.batch_card(order))["reason"] == "granted"
    return blank_swipe
