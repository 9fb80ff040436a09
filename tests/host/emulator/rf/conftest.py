"""Every test gets a bench of its own."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.cards.classic import ClassicCard
from tests.host.emulator.rf.bench import Bench
from tests.host.emulator.rf.raspberry import UID


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def make_bench() -> type[Bench]:
    return Bench


@pytest.fixture
def card(bench: Bench, driver: Any) -> ClassicCard:
    """In the field of somebody else's ``driver``, and awake."""
    card = ClassicCard(UID)
    bench.field.enter(card)
    bench.clock.advance(5_000)
    return card
