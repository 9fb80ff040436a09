"""One issue: a child-card issuer makes a one-time card from a blank, as the back office asks it to."""

from dataclasses import dataclass, field

from protocol import classic, keys
from protocol.errors import ProtocolError

from emulator.cards.classic import ClassicCard
from emulator.enumerate.disturbance import Disturbance, Extent
from emulator.enumerate.outcome import Outcome
from emulator.enumerate.stage import TRIES, Stage
from emulator.kit import BatchOrder, TestAuthority, blank_machine
from emulator.kit.machines import provision
from emulator.world import World

CREDIT = 1000
ISSUER_ID = 901
CARD_WAIT_MS = 3_000


@dataclass
class Issue:
    """The scenario. ``image`` as in the debit's."""

    seed: int
    image: bytes | None = None
    name: str = "issue"
    _authority: TestAuthority = field(init=False)
    _batch: BatchOrder = field(init=False)
    _flash: bytes = field(init=False)

    def __post_init__(self) -> None:
        self._authority = TestAuthority(self.seed)
        self._batch = self._authority.batch()
        with World(seed=self.seed) as world:
            issuer = blank_machine(world, "issuer", self.image)
            provision(issuer, self._authority, "child_issuer", ISSUER_ID, institution=0)
            self._flash = issuer.flash.image()

    def extent(self) -> Extent:
        with self._stage() as stage:
            card = self._blank()
            stage.arm(None, card)
            self._write(stage, card)
            return stage.extent()

    def run(self, disturbance: Disturbance | None) -> Outcome:
        with self._stage() as stage:
            card = self._blank()
            stage.arm(disturbance, card)
            self._write(stage, card)
            stage.disarm()
            reason = self._put_right(stage, card)
            return self._judge(stage, card, reason)

    def _write(self, stage: Stage, card: ClassicCard) -> str:
        """The back office's two calls; gives the reason of a failure, or nothing."""
        stage.board.field.enter(card)
        answer = stage.call("card.wait", timeout_ms=CARD_WAIT_MS)
        if isinstance(answer, dict):
            record = self._authority.one_time(self._batch, card.uid, CREDIT)
            answer = stage.call(
                "card.write",
                uid=card.uid.hex(),
                kind="one_time",
                record=record.encode().hex(),
                read_key=classic.PUBLIC_READ_KEY.hex(),
                write_key=keys.one_time_access_key(self._batch.key, card.uid).hex(),
            )
        stage.take_away(card)
        return answer if isinstance(answer, str) else ""

    def _put_right(self, stage: Stage, card: ClassicCard) -> str:
        """The same card again, the power again, the batch card again after the power."""
        reason = ""
        for _ in range(TRIES):
            if not stage.board.powered:
                stage.restore_power()
                if stage.dead:
                    return "silence"
                self._show_batch_card(stage)
            reason = self._write(stage, card)
            if not reason:
                break
        return reason

    def _judge(self, stage: Stage, card: ClassicCard, reason: str) -> Outcome:
        outcome = Outcome()
        finished = self._authority.one_time_card(self._batch, CREDIT, uid=card.uid)
        if reason == "damaged" and self._beyond_repair(card):
            outcome.spoiled.append("sector 1 opens for nobody any more; the issuer said damaged")
        elif reason:
            outcome.bricked.append(f"the card cannot be finished: {reason}")
        elif card.image() != finished.image():
            outcome.lost.append("the issuer says written, the card is not what was ordered")
        if self._write(stage, self._blank(b"\x04NEW")):
            outcome.bricked.append("the issuer does not write the next card")
        return outcome

    def _beyond_repair(self, card: ClassicCard) -> bool:
        """Torn inside the trailer: access bits that contradict their complement lock the sector, and half-written keys
        are keys that nobody knows."""
        trailer = bytes(card.blocks[classic.trailer_of(1)])
        try:
            classic.decode_access(trailer[6:9])
        except ProtocolError:
            return True
        write_key = keys.one_time_access_key(self._batch.key, card.uid)
        known_a = trailer[:6] in (classic.FACTORY_KEY, classic.PUBLIC_READ_KEY)
        return not known_a or trailer[10:] not in (classic.FACTORY_KEY, write_key)

    def _stage(self) -> Stage:
        stage = Stage(self.seed, self._flash)
        self._show_batch_card(stage)
        return stage

    def _show_batch_card(self, stage: Stage) -> None:
        """The issuer makes one-time cards only of a batch that it has seen since its power came up."""
        card = self._authority.batch_card(self._batch)
        read_key = keys.batch_access_key(self._authority.institution_key(), card.uid)
        stage.board.field.enter(card)
        stage.call("card.wait", timeout_ms=CARD_WAIT_MS)
        answer = stage.call("card.read", uid=card.uid.hex(), kind="batch", read_key=read_key.hex())
        assert isinstance(answer, dict), f"the issuer does not read a good batch card: {answer}"
        stage.take_away(card)

    def _blank(self, uid: bytes = b"\x04CRD") -> ClassicCard:
        return self._authority.blank_card(uid)
