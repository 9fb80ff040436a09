"""A board whose main.py is tests/firmware/lib/bench_main.py, and cards to put on it."""

from pathlib import Path
from typing import Any

import pytest

from emulator.cards.classic import ClassicCard
from emulator.device import Board
from emulator.errors import HostError
from emulator.image import build_image
from emulator.world import World
from tools.flash.build import firmware_files

MAIN = Path(__file__).parents[2] / "firmware/lib/bench_main.py"
FACTORY_KEY = "ff" * 6
READ_KEY, WRITE_KEY = "a1a2a3a4a5a6", "b1b2b3b4b5b6"
KEY_A, KEY_B = 0x60, 0x61
REQA, WUPA = 0x26, 0x52


class Bench:
    """The world, its one board, and calls to the drivers on it."""

    def __init__(self, seed: int = 1, without: str = "boot.py", main: Path = MAIN) -> None:
        files: dict[str, str | bytes] = dict(firmware_files())
        del files[without]
        files["main.py"] = main.read_text()
        self.world = World(seed)
        self.board: Board = self.world.board("bench", build_image(files))
        self.board.power_on()
        self.board.host.checksum = False
        self.world.run_for(400)

    def call(self, method: str, **params: Any) -> Any:
        return self.board.host.call(method, **params)

    def started(self) -> "Bench":
        """With the reader initialised."""
        self.call("init")
        return self

    def put(self, card: ClassicCard) -> ClassicCard:
        """On the reader, and given time to power up."""
        self.board.field.enter(card)
        self.world.run_for(6)
        return card

    def refused(self, method: str, **params: Any) -> str:
        """The reason why a call fails: the name of the driver's error, or the reason of a refusal."""
        with pytest.raises(HostError) as caught:
            self.call(method, **params)
        return caught.value.reason

    def take(self, card: ClassicCard) -> None:
        self.board.field.leave(card)

    def close(self) -> None:
        self.world.close()
