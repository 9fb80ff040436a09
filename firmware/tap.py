"""One tap of a one-time card: the six steps of a debit, exactly once through tears and power cuts.

What a tear leaves behind: before INTENT nothing; after it the card is "in doubt" and the same card, tapped again, goes
on where it stopped, whether or not the burn happened. What a power cut leaves behind: see exams.py.
"""

import time

from batches import Batch, Batches
from config import Config
from decision import Facts, Refuse, Resume, decide
from errors import Refused, StorageFailed
from exams import Exams
from field import Field
from journal import Journal
from media import Medium
from mfrc522.errors import CardGone, CardRefused, TwoCards
from protocol import journal as codec
from protocol import keys, reasons
from protocol.errors import ProtocolError
from protocol.mac import equal
from protocol.records import OneTimeRecord

KIND = "one_time"
FIELD_TRIES = 6  # times that a card which fell silent is looked for before the person is asked to tap again
FIELD_PAUSE_MS = 25


class Grant:
    """An exam that may start."""

    def __init__(self, batch: int, credit: int, seq: int, left: int) -> None:
        self.batch = batch
        self.credit = credit
        self.seq = seq
        self.left = left  # credits of this batch that can still be spent


class _Card:
    """The card of this tap, and what was found out about it."""

    def __init__(self, medium: Medium, record: OneTimeRecord) -> None:
        self.medium = medium
        self.uid = medium.uid
        self.record = record
        self.batch: Batch | None = None
        self.mark = b""


class Tap:
    """The debit, with everything it needs."""

    def __init__(
        self,
        config: Config,
        journal: Journal,
        batches: Batches,
        exams: Exams,
        field: Field,
        now: "Callable[[], int | None]",
    ) -> None:
        self._machine_id = config.machine_id
        self._journal = journal
        self._batches = batches
        self._exams = exams
        self._field = field
        self._now = now

    def debit(self, medium: Medium) -> Grant:
        """Card in the field to relay on. Raises Refused, and what the reader raises when it died."""
        card = self._read(medium)  # 1 select, read,
        burn, intend = self._verify(card)  # verify
        if intend:
            self._prove(card)
            self._intend(card)  # 2 INTENT, on flash before the card is touched
        if burn:
            self._burn(card)  # 3 burn, read back
        seq = self._debit(card)  # 4 DEBIT, on flash: from here on the exam is paid for
        self._exams.grant()  # 5 relay on
        self._exams.started()  # 6 STARTED
        return Grant(card.record.batch_id, card.record.credit, seq, self._left(card))

    def _read(self, medium: Medium) -> _Card:
        try:
            return _Card(medium, OneTimeRecord.decode(medium.read_record(KIND)))
        except CardGone:
            raise Refused(reasons.REMOVED_EARLY) from None
        except (CardRefused, ProtocolError):
            raise Refused(reasons.DAMAGED) from None

    def _verify(self, card: _Card) -> tuple[bool, bool]:
        """(burn it, journal the intent first). Raises Refused with the rule's reason."""
        if self._journal.state.rolled_back:
            raise StorageFailed("this flash is an old copy")
        verdict = decide(self._facts(card))
        if isinstance(verdict, Refuse):
            raise Refused(verdict.reason, card.record.batch_id, card.record.credit)
        if not isinstance(verdict, Resume):
            self._journal.prepare_exam()
        return verdict.burn, verdict.intent

    def _facts(self, card: _Card) -> Facts:
        state = self._journal.state
        record = card.record
        pair = (record.batch_id, record.credit)
        spent = state.batches.get(record.batch_id)
        facts = Facts()
        facts.locked = state.locked
        facts.machine_has_batches = state.has_batches()
        facts.batch_known = spent is not None
        if spent is None:
            facts.batch_used_up = self._journal.is_gone(*pair)
            return facts
        card.batch = batch = self._batches.get(record.batch_id)
        now = self._now()
        facts.batch_revoked = record.batch_id in state.revoked_batches
        facts.batch_expired = batch.expires != 0 and now is not None and now > batch.expires
        facts.in_range = spent.holds(record.credit)
        facts.authentic = equal(record.tag, keys.one_time_tag(batch.key, card.uid, record.batch_id, record.credit))
        facts.credit_revoked = pair in state.revoked_credits
        facts.spent = spent.is_spent(record.credit)
        facts.in_doubt = pair in state.in_doubt
        exam = state.exam
        facts.exam_running = exam is not None
        facts.exam_is_this_credit = exam is not None and (exam.batch, exam.credit) == pair
        card.mark = keys.burn_mark(batch.key, card.uid, self._machine_id, record.credit)
        facts.burn_state = str(self._insist(card, self._burn_state))
        return facts

    def _prove(self, card: _Card) -> None:
        """That the card has the key under which it will be burnt: a copy of what it says has not, and its intent would
        stand for ever. The sector stays open, so the burn need not ask again.
        """
        self._insist(card, self._prove_once)

    def _intend(self, card: _Card) -> None:
        self._journal.append(codec.INTENT, card.record.batch_id, card.record.credit)

    def _burn(self, card: _Card) -> None:
        self._insist(card, self._burn_once)

    def _debit(self, card: _Card) -> int:
        return self._journal.append(codec.DEBIT, card.record.batch_id, card.record.credit)

    def _left(self, card: _Card) -> int:
        return self._journal.state.batches[card.record.batch_id].left()

    def _prove_once(self, card: _Card) -> None:
        card.medium.prove(KIND, self._access_key(card))

    def _burn_once(self, card: _Card) -> None:
        card.medium.burn(KIND, self._access_key(card), card.mark)

    def _access_key(self, card: _Card) -> bytes:
        assert card.batch is not None
        return keys.one_time_access_key(card.batch.key, card.uid)

    def _burn_state(self, card: _Card) -> str:
        return card.medium.burn_state(KIND, card.mark)

    def _insist(self, card: _Card, step: "Callable[[_Card], object]") -> object:
        """Do the step; when the card falls silent, look for it in the field a while and do it again."""
        for _ in range(FIELD_TRIES):
            try:
                return step(card)
            except CardGone:
                self._look_for(card)
            except CardRefused:
                raise Refused(reasons.FORGED, card.record.batch_id, card.record.credit) from None
        raise Refused(reasons.REMOVED_EARLY, card.record.batch_id, card.record.credit)

    def _look_for(self, card: _Card) -> None:
        time.sleep_ms(FIELD_PAUSE_MS)
        try:
            card.medium = self._field.require(card.uid)
        except (CardGone, TwoCards):
            pass  # the next try will say so


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
