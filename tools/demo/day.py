"""A day at the clinic: patients come, and now and then somebody holds the wrong card to the reader."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from protocol import reasons

from client.debit import Client
from client.errors import Refused
from client.words import of_reason
from emulator.air import FrameLog
from emulator.cards.classic import ClassicCard
from emulator.faults import TearPoint
from tools.demo.bench import SWIPE, Bench, Machine
from tools.demo.say import Narrator

CARD_WAIT_MS = 15_000
HURRY_MS = 60
EXAM_MS = 400
QUIET_MS = (2_000, 9_000)
TRIES = 3
AUTHENTICATE = (b"\x60", b"\x61")  # MIFARE Classic, with key A or B
TORN_FRAMES = (2, 12)  # from the first authentication to somewhere before the burn is through


@dataclass
class Day:
    """The clinic's cards and what became of them."""

    bench: Bench
    say: Narrator
    url: str
    fresh: list[ClassicCard]
    other: list[ClassicCard]
    hurried: bool
    used: list[ClassicCard] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    exams: int = 0

    def run(self, exams: int | None, after_each: Callable[[], None]) -> None:
        """So many exams; None = as long as there are cards."""
        random = self.bench.world.random("day")
        mishaps = self._mishaps()
        with Client(self.url) as client:
            while self.fresh and (exams is None or self.exams < exams):
                if self.used and random.random() < 0.35:
                    next(mishaps)(client)
                else:  # a torn card ends in an exam, too: look again whether there are cards
                    self._exam(client)
                after_each()
                self.bench.wait(HURRY_MS if self.hurried else random.randint(*QUIET_MS))

    def _mishaps(self) -> Iterator[Callable[[Client], None]]:
        while True:
            yield self._used_card
            yield self._torn_card
            yield self._foreign_card
            yield self._card_of_another_batch

    def _exam(self, client: Client) -> None:
        card = self.fresh.pop(0)
        reason = self._tap(client, card)
        if reason:
            self.fresh.insert(0, card)
            return
        self.bench.wait(EXAM_MS if self.hurried else 4 * EXAM_MS)
        client.end()

    def _used_card(self, client: Client) -> None:
        self._tap(client, self.used[-1])

    def _foreign_card(self, client: Client) -> None:
        self._tap(client, self.bench.foreign_card())

    def _card_of_another_batch(self, client: Client) -> None:
        self._tap(client, self.other[0])

    def _torn_card(self, client: Client) -> None:
        """Somebody is in a hurry; the same card, held properly, then works."""
        card = self.fresh.pop(0)
        self._tear_after_authentication()
        for _ in range(TRIES):
            if not self._tap(client, card):
                break
        self.bench.wait(EXAM_MS)
        client.end()

    @property
    def _machine(self) -> Machine:
        return self.bench.machines[SWIPE]

    def _tear_after_authentication(self) -> None:
        """The card will leave some frames after the machine has begun to read it."""
        rf = self._machine.board.field
        frames = self.bench.world.random(f"torn {self.exams}").randint(*TORN_FRAMES)

        def begun(frame: FrameLog) -> None:
            if frame.direction == "reader" and frame.data[:1] in AUTHENTICATE:
                rf.on_frame.remove(begun)
                rf.tear(TearPoint(frame.number + frames, "after"))

        with self.bench.world.lock:
            rf.on_frame.append(begun)

    def _tap(self, client: Client, card: ClassicCard) -> str:
        """Card comes, client asks, card goes. Gives the reason of a refusal, or nothing."""
        self.bench.put(self._machine, card)
        try:
            grant = client.debit(CARD_WAIT_MS, reference=f"exam {self.exams + 1}")
        except Refused as refused:
            if refused.reason != reasons.TIMEOUT:  # a busy computer: the machine saw no card and refused none
                self.refused[refused.reason] = self.refused.get(refused.reason, 0) + 1
            self.say.refused(f"card {card.uid.hex()}: {of_reason(refused.reason, refused.message)}")
            return refused.reason
        finally:
            self.bench.take(self._machine, card)
        self.used.append(card)
        self.exams += 1
        self.say.good(f"card {card.uid.hex()}: exam {self.exams} may start (credit {grant.credit}, {grant.left} left)")
        return ""
