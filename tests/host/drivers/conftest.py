"""The drivers under a real MicroPython, on an emulated board."""

from collections.abc import Iterator

import pytest

from tests.host.drivers.bench import Bench
from tests.host.drivers.modem_bench import ModemBench


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


@pytest.fixture
def modem() -> Iterator[ModemBench]:
    """A board with a modem without power, a SIM in it."""
    made = ModemBench()
    yield made
    made.close()
