"""A world for each test, and boards that run a few lines of firmware of the test's own."""

from collections.abc import Callable, Iterator
from textwrap import dedent

import pytest

from emulator.device import Board
from emulator.image import build_image
from emulator.world import World

Start = Callable[..., Board]


@pytest.fixture
def world() -> Iterator[World]:
    with World(seed=7) as made:
        yield made


@pytest.fixture
def start(world: World) -> Start:
    """A powered board whose main.py is this text."""

    def make(main: str, name: str = "board", heap_words_k: int | None = None) -> Board:
        board = world.board(name, build_image({"main.py": dedent(main)}), heap_words_k=heap_words_k)
        board.power_on()
        return board

    return make
