"""The emulated hardware of the demonstration: three machines with the same firmware, and a drawer of blank cards."""

from dataclasses import dataclass
from types import TracebackType

from emulator.cards.classic import ClassicCard
from emulator.device import Board
from emulator.kit.machines import HEAP_WORDS_K
from emulator.world import World

MASTER_ISSUER, CHILD_ISSUER, SWIPE = "master-card issuer", "child-card issuer", "swipe machine"
SETTLE_MS = 150


@dataclass(frozen=True)
class Machine:
    """A board, and the pyserial URL of its host link."""

    name: str
    board: Board
    url: str


class Bench:
    """Boards in real time, with power on."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed=seed, real_time=True)
        self._random = self.world.random("cards")
        self.machines = {name: self._machine(name) for name in (MASTER_ISSUER, CHILD_ISSUER, SWIPE)}

    def __enter__(self) -> "Bench":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.world.close()

    def blank_card(self) -> ClassicCard:
        """A MIFARE Classic 1K as it comes from the shop."""
        return ClassicCard(self._random.randbytes(4), seed=self._random.getrandbits(32))

    def foreign_card(self) -> ClassicCard:
        """Somebody's bus ticket: other keys, other data."""
        card = self.blank_card()
        for sector in range(16):
            card.blocks[4 * sector + 3][:6] = self._random.randbytes(6)
            card.blocks[4 * sector + 3][10:] = self._random.randbytes(6)
        return card

    def put(self, machine: Machine, card: ClassicCard) -> None:
        """Lay the card on the machine's reader."""
        with self.world.lock:
            machine.board.field.enter(card)

    def take(self, machine: Machine, card: ClassicCard) -> None:
        """Take it away."""
        with self.world.lock:
            machine.board.field.leave(card)

    def wait(self, ms: int) -> None:
        """Do nothing for so long, as people do."""
        self.world.run_for(ms)

    def _machine(self, name: str) -> Machine:
        board = self.world.board(name, heap_words_k=HEAP_WORDS_K)
        board.power_on()
        return Machine(name, board, board.expose_host())
