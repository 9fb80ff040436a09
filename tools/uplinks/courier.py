"""Couriers with service cards in their pockets, and the desk at which an issuer reads them for the back office.

They are people: a card gets lost, an old one is found again after younger ones were read, one is laid on the issuer
twice. Nobody tells the machine; what was lost with a card is still in its journal.
"""

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from protocol import mailbox

from emulator.cards.classic import ClassicCard
from emulator.device import Board
from emulator.kit import TestAuthority, child_issuer, read_store, tap_service
from emulator.world import World
from tools.demo.errors import DemoFailed, NoAnswer
from tools.uplinks.ways.way import Stage

LOST: Final = 0.2
LATE: Final = 0.15
TWICE: Final = 0.15
SHOWN_MS: Final = 20_000
ISSUER_ROLE: Final = "child_issuer"


class Desk:
    """A child-card issuer at the back office, in real time: it stands where the world's time does not reach."""

    def __init__(self, stage: Stage, authority: TestAuthority) -> None:
        self._stage = stage
        self._world = World(seed=stage.world.seed, real_time=True)
        self._board = child_issuer(self._world, authority)
        self._hand = ThreadPoolExecutor(1, "desk")
        self._operator, _password = stage.office.administrator()
        wanted = {"name": "Child-card issuer", "url": self._board.expose_host(), "role": ISSUER_ROLE}
        self._device = int(self._operator.post("/api/v1/devices", wanted)["id"])

    def close(self) -> None:
        """Everybody goes home."""
        self._hand.shutdown()
        self._world.close()

    def read(self, card: ClassicCard) -> None:
        """Lay the card on the issuer and let the back office take and give."""
        self._lay(card, self._exchange).result()

    def read_and_die(self, card: ClassicCard) -> bool:
        """The same, and the server is killed as soon as it has stored something. False: there was nothing to store."""
        office, before = self._stage.office, self._stage.office.entries()
        work = self._lay(card, self._exchange)
        while not work.done():
            if office.entries() > before:
                office.kill()
                return isinstance(work.exception(), NoAnswer)
        work.result()
        return False

    def _exchange(self) -> Any:
        return self._operator.post(f"/api/v1/devices/{self._device}/service-card", {"timeout_ms": SHOWN_MS})

    def _lay(self, card: ClassicCard, work: Any) -> "Future[Any]":
        self._stage.office.tell_time()

        def laid() -> Any:
            with self._world.lock:
                self._board.field.enter(card)
            try:
                return work()
            finally:
                with self._world.lock:
                    self._board.field.leave(card)

        return self._hand.submit(laid)


class Courier:
    """Comes by when he is told to. ``kills`` = the readings at which the server dies, counted from one."""

    def __init__(self, stage: Stage, authority: TestAuthority, machine: Board, kills: tuple[int, ...]) -> None:
        self.happened: Counter[str] = Counter()
        self.kills_done = 0
        self._stage, self._authority, self._machine, self._kills = stage, authority, machine, kills
        self._fate = stage.world.random("courier")
        self._pockets = [authority.service_card(), authority.service_card()]
        self._left_over: ClassicCard | None = None
        self._readings = 0
        self._messages: dict[bytes, int] = {}
        self._desk = Desk(stage, authority)

    @property
    def wire_bytes(self) -> int:
        """Sealed bytes that were carried, both ways."""
        return sum(self._messages.values())

    def close(self) -> None:
        """The last one closes the door."""
        self._desk.close()

    def visit(self) -> None:
        """To the clinic with the next card, then to the desk, unless something comes in between."""
        card = self._pockets.pop(0)
        told = tap_service(self._machine, card)
        if told.get("reason") not in (None, "service_full"):
            raise DemoFailed(f"the machine refuses a service card: {told}")
        self.happened["visits"] += 1
        self._weigh(card)
        fate = self._fate.random()
        if fate < LOST:
            self.happened["cards lost"] += 1
            card = self._authority.service_card()
        elif fate < LOST + LATE and self._left_over is None:
            self.happened["cards late"] += 1
            self._left_over, card = card, self._authority.service_card()
        else:
            self._to_the_desk(card)
            if self._fate.random() < TWICE:
                self.happened["cards read twice"] += 1
                self._to_the_desk(card)
            if self._left_over is not None:
                self._to_the_desk(self._left_over)
                self._left_over = None
        self._pockets.append(card)

    def _to_the_desk(self, card: ClassicCard) -> None:
        if self._stage.office.address is None:
            self.happened["cards kept, the server was dead"] += 1
            return
        self._readings += 1
        self.happened["cards read"] += 1
        if self.kills_done < len(self._kills) and self._readings >= self._kills[self.kills_done]:
            if self._desk.read_and_die(card):
                self.kills_done += 1
                self.happened["server killed before its answer"] += 1
                self._stage.server_died()
        else:
            self._desk.read(card)
        self._weigh(card)

    def _weigh(self, card: ClassicCard) -> None:
        """Each message counts once, however often its card was looked at."""
        for frame in mailbox.frames(read_store(card)):
            self._messages[frame.message] = len(frame.message)
