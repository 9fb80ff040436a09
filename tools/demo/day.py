"""A day at the clinic: patients come, and now and then somebody holds the wrong card to the reader.

The day ends when the person at the terminal ends it. Whoever follows it in the browser may lock the machine, refuse
cards or change its settings meanwhile: then patients wait, and the terminal says for what.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from protocol import reasons

from client.debit import Client
from client.errors import HostLinkError, Refused
from client.words import of_reason
from emulator.air import FrameLog
from emulator.cards.classic import ClassicCard
from emulator.faults import TearPoint
from emulator.wiring import HOST_UART
from tools.demo.bench import SWIPE, Bench, Machine
from tools.demo.errors import DemoFailed
from tools.demo.say import Narrator

CARD_WAIT_MS = 15_000
HURRY_MS = 60
EXAM_MS = 400
QUIET_MS = (2_000, 9_000)
PATIENTS_WAIT_MS = 20_000
TRIES = 3
AUTHENTICATE = (b"\x60", b"\x61")  # MIFARE Classic, with key A or B
TORN_FRAMES = (2, 12)  # from the first authentication to somewhere before the burn is through
UNSEEN = frozenset({reasons.TIMEOUT, reasons.BUSY, reasons.CANCELLED, reasons.READER_LOST})
"""The machine looked at no card, so its journal knows of no refusal."""
STOPPED = frozenset({reasons.LOCKED, reasons.BUSY, reasons.READER_LOST, reasons.STORAGE_FULL, reasons.STORAGE_FAILED})
"""The machine takes no card at all at present."""
PASSING = STOPPED | UNSEEN | {reasons.REMOVED_EARLY, reasons.TWO_CARDS, reasons.STILL_RUNNING}
"""What says nothing about the card: it will pay later."""


@dataclass
class Day:
    """The clinic's cards and what became of them."""

    bench: Bench
    say: Narrator
    url: str
    fresh: list[ClassicCard]
    other: list[ClassicCard]
    hurried: bool
    supply: Callable[[Client], list[ClassicCard]]
    """More cards, good on this machine as it is now. Raises DemoFailed, HostLinkError."""
    used: list[ClassicCard] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    exams: int = 0

    def __post_init__(self) -> None:
        self._random = self.bench.world.random("day")

    def run(self, exams: int | None, after_each: Callable[[], None]) -> None:
        """So many exams; None = until it is interrupted."""
        mishaps = self._mishaps()
        with Client(self.url) as client:
            while exams is None or self.exams < exams:
                pause_ms = self._happening(client, mishaps)
                after_each()
                self.bench.wait(pause_ms)

    def _happening(self, client: Client, mishaps: Iterator[Callable[[Client], str]]) -> int:
        """Somebody comes to the machine; how long it is until the next one does."""
        try:
            if not self.fresh:
                self.fresh += self.supply(client)
            mishap = bool(self.used) and self._random.random() < 0.35
            reason = next(mishaps)(client) if mishap else self._exam(client)
        except (DemoFailed, HostLinkError) as trouble:
            self.say.refused(f"Patients wait: {trouble}")
            reason = reasons.BUSY
        if self.hurried:
            return HURRY_MS
        return PATIENTS_WAIT_MS if reason in STOPPED else self._random.randint(*QUIET_MS)

    def _mishaps(self) -> Iterator[Callable[[Client], str]]:
        while True:
            yield self._used_card
            yield self._torn_card
            yield self._foreign_card
            yield self._card_of_another_batch

    def _exam(self, client: Client) -> str:
        """A patient with the next card; why there was no exam, or nothing."""
        card = self.fresh[0]
        reason = self._tap(client, card)
        if reason == reasons.NOT_INITIALISED:
            self.fresh.clear()  # the machine was provisioned anew: these are for what it was
        elif reason not in PASSING:
            self.fresh.remove(card)
        if not reason:
            self.bench.wait(EXAM_MS if self.hurried else 4 * EXAM_MS)
        if not reason or reason == reasons.BUSY:
            self._end(client)
        return reason

    def _used_card(self, client: Client) -> str:
        return self._tap(client, self.used[-1])

    def _foreign_card(self, client: Client) -> str:
        return self._tap(client, self.bench.foreign_card())

    def _card_of_another_batch(self, client: Client) -> str:
        return self._tap(client, self.other[0])

    def _torn_card(self, client: Client) -> str:
        """Somebody is in a hurry; the same card, held properly, then works."""
        with_tear = self._tear_after_authentication()
        try:
            reason = self._exam(client)
        finally:
            with_tear()
        for _ in range(TRIES):
            if reason != reasons.REMOVED_EARLY:
                break
            reason = self._exam(client)
        return reason

    def _end(self, client: Client) -> None:
        """The exam is over; it may be so already, if its time was up."""
        try:
            client.end()
        except Refused as refused:
            if refused.reason != reasons.NOT_INITIALISED:
                raise

    @property
    def _machine(self) -> Machine:
        return self.bench.machines[SWIPE]

    def _tear_after_authentication(self) -> Callable[[], None]:
        """The card will leave some frames after the machine, asked by its client, has begun to read it.

        Gives what takes that back.
        """
        board = self._machine.board
        rf, line = board.field, board.uarts[HOST_UART]
        unasked = line.taken_bytes
        frames = self.bench.world.random(f"torn {self.exams}").randint(*TORN_FRAMES)

        def begun(frame: FrameLog) -> None:
            asked = line.taken_bytes > unasked
            if asked and frame.direction == "reader" and frame.data[:1] in AUTHENTICATE:
                rf.on_frame.remove(begun)
                rf.tear(TearPoint(frame.number + frames, "after"))

        def never_mind() -> None:
            with self.bench.world.lock:
                if begun in rf.on_frame:
                    rf.on_frame.remove(begun)

        with self.bench.world.lock:
            rf.on_frame.append(begun)
        return never_mind

    def _tap(self, client: Client, card: ClassicCard) -> str:
        """Card comes, client asks, card goes. Gives the reason of a refusal, or nothing."""
        self.bench.put(self._machine, card)
        try:
            grant = client.debit(CARD_WAIT_MS, reference=f"exam {self.exams + 1}")
        except Refused as refused:
            if refused.reason not in UNSEEN:
                self.refused[refused.reason] = self.refused.get(refused.reason, 0) + 1
            self.say.refused(f"card {card.uid.hex()}: {of_reason(refused.reason, refused.message)}")
            return refused.reason
        finally:
            self.bench.take(self._machine, card)
        self.used.append(card)
        self.exams += 1
        self.say.good(f"card {card.uid.hex()}: exam {self.exams} may start (credit {grant.credit}, {grant.left} left)")
        return ""
