"""The drivers under a real MicroPython, on an emulated board."""

from collections.abc import Iterator

import pytest

from tests.host.drivers.bench import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A board with power, nothing initialised yet."""
    made = Bench()
    yield made
    made.close()


@pytest.fixture
def reader(bench: Bench) -> Bench:
    """The same with the reader initialised."""
    return bench.started()
