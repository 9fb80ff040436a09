"""Every test gets a bench of its own."""

from __future__ import annotations

import pytest

from tests.host.emulator.rf.bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def make_bench() -> type[Bench]:
    return Bench
