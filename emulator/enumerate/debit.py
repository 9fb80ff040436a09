"""One debit: a one-time card is tapped, its exam starts and ends."""

from dataclasses import dataclass, field

from protocol import classic, keys
from protocol.journal import DEBIT

from emulator.cards.classic import ClassicCard
from emulator.checkers.bricked import bricked
from emulator.checkers.double import double
from emulator.checkers.granted_without_debit import granted_without_debit
from emulator.checkers.lost import lost
from emulator.enumerate.disturbance import Disturbance, Extent
from emulator.enumerate.outcome import Outcome
from emulator.enumerate.stage import Stage
from emulator.kit import BatchOrder, TestAuthority, swipe_machine, tap
from emulator.world import World

CREDIT, PROBE_CREDIT = 1000, 1001
FINAL = ("granted", "used", "still_running")


@dataclass
class Debit:
    """The scenario. ``image`` = another firmware's flash image, to show that the checkers see what is wrong with it."""

    seed: int
    image: bytes | None = None
    name: str = "debit"
    _authority: TestAuthority = field(init=False)
    _batch: BatchOrder = field(init=False)
    _flash: bytes = field(init=False)

    def __post_init__(self) -> None:
        self._authority = TestAuthority(self.seed)
        self._batch = self._authority.batch()
        with World(seed=self.seed) as world:
            machine = swipe_machine(world, self._authority, image=self.image)
            tap(machine, self._authority.batch_card(self._batch))
            self._flash = machine.flash.image()

    def extent(self) -> Extent:
        with self._stage() as stage:
            card = self._card(CREDIT)
            stage.arm(None, card)
            self._act(stage, card)
            return stage.extent()

    def run(self, *disturbances: Disturbance | None) -> Outcome:
        """Disturbed once, or again at the next attempt."""
        with self._stage() as stage:
            card = self._card(CREDIT)
            for disturbance in disturbances:
                stage.restore_power()
                stage.arm(disturbance, card)
                self._act(stage, card)
                stage.disarm()
            self._put_right(stage, card)
            return self._judge(stage, card)

    def _act(self, stage: Stage, card: ClassicCard) -> None:
        stage.hold(card)
        if stage.board.powered:
            stage.call("swipe.end")
        stage.rest()

    def _put_right(self, stage: Stage, card: ClassicCard) -> None:
        """The card again, the power again, until the machine says something final; then the next patient."""
        stage.tap_until(card, lambda reason: reason in FINAL)
        stage.call("swipe.end")
        stage.rest()

    def _judge(self, stage: Stage, card: ClassicCard) -> Outcome:
        assert stage.witness is not None
        evidence = stage.witness.evidence
        again = stage.tap_until(card, lambda reason: reason != "removed_early")
        probe = self._card(PROBE_CREDIT)
        evidence.alive = stage.tap_until(probe, lambda reason: reason == "granted") == "granted"
        stage.witness.close()
        evidence.tapped = {CREDIT, PROBE_CREDIT}
        evidence.burnt = {CREDIT: self._burnt(card, CREDIT), PROBE_CREDIT: self._burnt(probe, PROBE_CREDIT)}
        found_double = double(evidence)
        if again != "used" and evidence.journal.of(DEBIT, CREDIT):
            found_double.append(f"a debited card was answered with {again}")
        return Outcome(
            lost=lost(evidence),
            double=found_double,
            granted_without_debit=granted_without_debit(evidence),
            bricked=bricked(evidence),
        )

    def _stage(self) -> Stage:
        return Stage(self.seed, self._flash, keys.journal_key(self._authority.machine_key()))

    def _card(self, credit: int) -> ClassicCard:
        return self._authority.one_time_card(self._batch, credit, uid=b"\x04" + credit.to_bytes(3, "big"))

    def _burnt(self, card: ClassicCard, credit: int) -> bool:
        mark = keys.burn_mark(self._batch.key, card.uid, 1, credit)
        return bytes(card.blocks[classic.ONE_TIME_BURN_BLOCK]) == mark
