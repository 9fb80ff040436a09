"""One initialisation: a batch card is tapped on a machine that knows no batch yet."""

from dataclasses import dataclass, field

from protocol import classic, keys
from protocol.journal import BATCH

from emulator.cards.classic import ClassicCard
from emulator.checkers.bricked import bricked
from emulator.checkers.double import double
from emulator.checkers.granted_without_debit import granted_without_debit
from emulator.enumerate.disturbance import Disturbance, Extent
from emulator.enumerate.outcome import Outcome
from emulator.enumerate.stage import Stage
from emulator.kit import BatchOrder, TestAuthority, swipe_machine
from emulator.world import World

PROBE_CREDIT = 1000
FINAL = ("granted", "batch_used")


@dataclass
class Batch:
    """The scenario. ``image`` as in the debit's."""

    seed: int
    image: bytes | None = None
    name: str = "batch"
    _authority: TestAuthority = field(init=False)
    _batch: BatchOrder = field(init=False)
    _flash: bytes = field(init=False)
    _card: bytes = field(init=False)
    _uid: bytes = field(init=False)

    def __post_init__(self) -> None:
        self._authority = TestAuthority(self.seed)
        self._batch = self._authority.batch()
        with World(seed=self.seed) as world:
            self._flash = swipe_machine(world, self._authority, image=self.image).flash.image()
        card = self._authority.batch_card(self._batch)
        self._uid, self._card = card.uid, card.image()

    def extent(self) -> Extent:
        with self._stage() as stage:
            card = self._fresh_card()
            stage.arm(None, card)
            self._act(stage, card)
            return stage.extent()

    def run(self, *disturbances: Disturbance | None) -> Outcome:
        """Disturbed once, or again at the next attempt."""
        with self._stage() as stage:
            card = self._fresh_card()
            for disturbance in disturbances:
                stage.restore_power()
                stage.arm(disturbance, card)
                self._act(stage, card)
                stage.disarm()
            last_word = stage.tap_until(card, lambda reason: reason in FINAL)
            stage.rest()
            return self._judge(stage, card, last_word)

    def _act(self, stage: Stage, card: ClassicCard) -> None:
        stage.hold(card)
        stage.rest()

    def _judge(self, stage: Stage, card: ClassicCard, last_word: str) -> Outcome:
        assert stage.witness is not None
        evidence = stage.witness.evidence
        again = stage.tap_until(card, lambda reason: reason != "removed_early")
        probe = self._authority.one_time_card(self._batch, PROBE_CREDIT, uid=b"\x04PRB")
        evidence.alive = stage.tap_until(probe, lambda reason: reason == "granted") == "granted"
        stage.witness.close()
        outcome = Outcome(
            double=double(evidence),
            granted_without_debit=granted_without_debit(evidence),
            bricked=bricked(evidence),
        )
        initialised = len(evidence.journal.of(BATCH))
        if initialised > 1:
            outcome.double.append(f"the batch was taken {initialised} times")
        if again != "batch_used":
            outcome.double.append(f"the used batch card was answered with {again}")
        if last_word not in FINAL or not initialised:
            outcome.lost.append(f"the batch card was answered with {last_word} to the end")
        if bytes(card.blocks[classic.BATCH_BURN_BLOCK]) == classic.FRESH:
            outcome.double.append("the batch card is not burnt")
        return outcome

    def _stage(self) -> Stage:
        return Stage(self.seed, self._flash, keys.journal_key(self._authority.machine_key()))

    def _fresh_card(self) -> ClassicCard:
        card = self._authority.blank_card(self._uid)
        card.load(self._card)
        return card
