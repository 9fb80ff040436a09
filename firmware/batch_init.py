"""A batch card initialises this machine, once: verify the chain, keep the batch, journal it, burn the card.

The journal's BATCH entry is what makes the batch active. A tear or a power cut after it leaves a card that is not burnt
yet: shown again, it is burnt, and nothing else happens. A burnt card is used, wherever it was burnt.
"""

import gc
import time

from batches import Batches
from borrowed import Borrowed
from config import Config
from errors import Refused, StorageFull
from field import Field
from journal import Journal
from media import FRESH, MINE, Medium
from mfrc522.errors import CardGone, CardRefused, TwoCards
from protocol import chain, keys, reasons
from protocol import journal as codec
from protocol.errors import (
    BadKey,
    BadSignature,
    BadTag,
    Expired,
    NotInChain,
    OtherInstitution,
    OtherMachine,
    OutOfRange,
    ProtocolError,
)
from protocol.records import ANY_MACHINE, BatchCertificate, BatchRecord
from state import MAX_BATCHES, MAX_OPEN_CREDITS

KIND = "batch"
FIELD_TRIES = 6
FIELD_PAUSE_MS = 25
_REASON_OF = (
    (BadSignature, reasons.FORGED),
    (BadKey, reasons.FORGED),
    (BadTag, reasons.FORGED),
    (Expired, reasons.EXPIRED),
    (NotInChain, reasons.NOT_IN_CHAIN),
    (OtherInstitution, reasons.OTHER_INSTITUTION),
    (OtherMachine, reasons.OTHER_MACHINE),
    (OutOfRange, reasons.OUT_OF_RANGE),
)


class BatchInit:
    """Initialisation by a batch card, with everything it needs."""

    def __init__(
        self, config: Config, journal: Journal, batches: Batches, field: Field, now: "Callable[[], int | None]"
    ) -> None:
        self._config = config
        self._journal = journal
        self._batches = batches
        self._field = field
        self._now = now

    def initialise(self, medium: Medium) -> BatchCertificate:
        """Card in the field to batch active. Raises Refused, and what the reader raises when it died."""
        gc.collect()
        access = keys.batch_access_key(self._config.institution_key, medium.uid)
        record = self._read(medium, access)
        batch = record.batch
        known = batch.batch_id in self._journal.state.batches
        key = self._batches.get(batch.batch_id).key if known else self._verify(medium, record)
        mark = keys.burn_mark(key, medium.uid, self._config.machine_id, batch.first_credit)
        self._check_unused(medium, access, mark, known, batch.batch_id)
        unfinished = self._batches.unfinished
        if not known:
            self._check_room(batch)
            self._batches.save(record)
            self._journal.append(codec.BATCH, batch.batch_id, batch.first_credit, batch.count.to_bytes(4, "big"))
        if batch.batch_id not in unfinished:
            unfinished.append(batch.batch_id)
        self._burn(medium, access, mark, batch.batch_id)
        unfinished.remove(batch.batch_id)
        return batch

    def _read(self, medium: Medium, access: bytes) -> BatchRecord:
        try:
            return BatchRecord.decode(medium.read_record(KIND, access))
        except CardGone:
            raise Refused(reasons.REMOVED_EARLY) from None
        except CardRefused:
            raise Refused(reasons.OTHER_INSTITUTION) from None
        except ProtocolError:
            raise Refused(reasons.DAMAGED) from None

    def _verify(self, medium: Medium, record: BatchRecord) -> bytes:
        """The chain from the authority down; gives the batch's key."""
        config = self._config
        assert config.authority_key is not None
        batch = record.batch
        if self._journal.state.locked:
            raise Refused(reasons.LOCKED)
        if batch.machine_id == ANY_MACHINE and not medium.STRONG:
            raise Refused(reasons.WEAK_MEDIUM, batch.batch_id)
        if batch.batch_id in self._journal.state.revoked_batches:
            raise Refused(reasons.REVOKED, batch.batch_id)
        try:
            chain.verify_batch(
                record, config.authority_key, self._now(), config.institution, config.machine_id, config.epoch
            )
            with Borrowed("protocol.ccm"):
                return keys.open_batch_key(config.machine_key, batch.body(), record.machine_sealed)
        except ProtocolError as error:
            raise Refused(_reason_of(error), batch.batch_id, detail=str(error)) from None

    def _check_unused(self, medium: Medium, access: bytes, mark: bytes, known: bool, batch_id: int) -> None:
        """Known and not burnt: finish it. Unknown and burnt: it was used elsewhere, or before this flash was erased."""
        try:
            state = medium.burn_state(KIND, mark, access)
        except CardGone:
            raise Refused(reasons.REMOVED_EARLY, batch_id) from None
        if batch_id in self._batches.unfinished:
            return
        if (known and state == MINE) or (not known and state != FRESH):
            raise Refused(reasons.BATCH_USED, batch_id)

    def _check_room(self, batch: BatchCertificate) -> None:
        """For its credits: among those of the batches that were here before, and in the bounds of the memory."""
        state = self._journal.state
        end = batch.first_credit + batch.count
        for other, spent in state.batches.items():
            if batch.first_credit < spent.first_credit + spent.count and spent.first_credit < end:
                raise Refused(reasons.OUT_OF_RANGE, batch.batch_id, detail="credits of batch %d" % other)
        with Borrowed("gone_batches") as code:
            gone = code.overlapping(self._journal, batch.first_credit, batch.count)
        if gone == batch.batch_id:
            raise Refused(reasons.BATCH_USED, gone)
        if gone:
            raise Refused(reasons.OUT_OF_RANGE, batch.batch_id, detail="credits of batch %d" % gone)
        if len(state.batches) >= MAX_BATCHES or state.open_credits() + batch.count > MAX_OPEN_CREDITS:
            raise StorageFull("too many open batches")
        self._journal.prepare_exam()

    def _burn(self, medium: Medium, access: bytes, mark: bytes, batch_id: int) -> None:
        for _ in range(FIELD_TRIES):
            try:
                medium.burn(KIND, access, mark)
                return
            except CardGone:
                medium = self._look_for(medium)
            except CardRefused:
                raise Refused(reasons.FORGED, batch_id, detail="the card does not let itself be burnt") from None
        raise Refused(reasons.REMOVED_EARLY, batch_id)

    def _look_for(self, medium: Medium) -> Medium:
        time.sleep_ms(FIELD_PAUSE_MS)
        try:
            return self._field.require(medium.uid)
        except (CardGone, TwoCards):
            return medium  # the next try will say so


def _reason_of(error: ProtocolError) -> str:
    for kind, reason in _REASON_OF:
        if isinstance(error, kind):
            return reason
    return reasons.DAMAGED


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
