"""The swipe machine: watches the field, acts on each card once, serves the PC's client.

With a client waiting, the next card is the client's; without one the machine acts by itself: a batch card initialises,
a one-time card debits. A service card takes the reports along at any time: no client's wait ends by it.
"""

import asyncio
import gc

from batches import Batches
from borrowed import Borrowed
from errors import Refused
from exams import Exams
from hostlink import Params
from media import TORN, Medium
from mfrc522.errors import CardGone, ReaderLost, RfError, TwoCards
from micropython import const
from protocol import journal as codec
from protocol import reasons
from tap import Grant, Tap

POLL_MS = 60
REST_POLLS = 25  # polls without news before the flash is tidied
SHOW_MS = 4000  # how long the answer to a tap stays on the screen
TIMEOUT_MAX_MS = 600000
REFERENCE_MAX = 32
_REST_BYTES = const(8192)  # for the journal's housekeeping
_ROOM_BYTES = const(16384)  # for verifying a batch card, or a service card's reports and orders
DEBIT = "one_time"
INIT_BATCH = "batch"
SERVICE = "service"


class _Wait:
    """What a client waits for."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.done = asyncio.Event()
        self.value: dict[str, object] = {}
        self.refused: Refused | None = None


class Swipe:
    """The role. Its parts come from the device."""

    def __init__(self, device: "Device") -> None:
        config, journal = device.config, device.journal
        assert config is not None
        assert journal is not None
        self._device = device
        self._config = config
        self._link = device.link
        self._ui = device.ui
        self._field = device.field
        self._journal = journal
        self._require_client = config.flag("require_client")
        batches = Batches(config.directory() + "/batches", config.machine_key)
        batches.keep_at_hand([batch for batch, spent in journal.state.batches.items() if spent.left()])
        now = device.clock.earliest
        self._exams = Exams(journal, device.clock, device.relay, config.number("exam_s"))
        self._tap = Tap(config, journal, batches, self._exams, device.field, now)
        self._batches = batches
        self._wait: _Wait | None = None
        self._quiet = 0
        self._shown_ms: int | None = None
        self._shown_order = 0  # of what the screen says about locking
        gc.collect()

    def offer(self) -> None:
        """The methods of this role."""
        self._link.add("swipe.debit", self._serve_debit, long=True)
        self._link.add("swipe.init_batch", self._serve_init_batch, long=True)
        self._link.add("swipe.end", self._serve_end)

    def status(self) -> dict[str, object]:
        """This role's part of `status`."""
        state = self._journal.state
        exam = state.exam
        return {
            "batches": [
                {"batch": batch, "first": spent.first_credit, "count": spent.count, "left": spent.left()}
                for batch, spent in state.batches.items()
                if spent.left()
            ][:16],
            "locked": state.locked,
            "lock_text": self._lock_text() if state.locked else "",
            "exam": None if exam is None else {"running": exam.started, "batch": exam.batch, "credit": exam.credit},
        }

    async def run(self) -> None:
        """For ever."""
        self._exams.resume(self._device.start_counted)
        self._show_base()
        while True:
            self._poll()
            self._care_for_exam()
            await asyncio.sleep_ms(POLL_MS)

    # The field

    def _poll(self) -> None:
        if not self._device.care.healthy:
            return
        try:
            self._look()
        except MemoryError:
            if not self._call_off():
                raise

    def _look(self) -> None:
        try:
            medium = self._field.poll()
        except ReaderLost:
            self._device.care.lost()
            return
        except TwoCards:
            self._refuse(Refused(reasons.TWO_CARDS), b"")
            return
        except Refused as refused:
            self._refuse(refused, b"")
            return
        if medium is None:
            self._rest()
        else:
            self._quiet = 0
            self._act(medium)

    def _act(self, medium: Medium) -> None:
        uid = medium.uid
        counts = True
        try:
            kind = self._kind_of(medium)
            counts = kind != SERVICE
            if kind == DEBIT:
                self._granted(self._tap.debit(medium), uid)
            elif kind and not self._has_room():
                return  # the card is still new at the next poll
            elif kind == INIT_BATCH:
                self._initialised(medium)
            elif kind == SERVICE:
                self._served(medium)
        except Refused as refused:
            self._refuse(refused, uid, counts)
        except ReaderLost:
            self._device.care.lost()
            self._refuse(Refused(reasons.READER_LOST), uid, counts)
        except RfError:
            self._refuse(Refused(reasons.REMOVED_EARLY), uid, counts)
        else:
            self._settle(medium)

    def _has_room(self) -> bool:
        """For the code of a rare card. If not, a report under way is called off for it."""
        gc.collect()
        return gc.mem_free() >= _ROOM_BYTES or not self._call_off()

    def _call_off(self) -> bool:
        """False: no report is under way, so nothing gives its memory back."""
        return self._device.uplink is not None and self._device.uplink.call_off()

    def _kind_of(self, medium: Medium) -> str:
        """DEBIT, INIT_BATCH or SERVICE, "" for a card that has to wait for a client; any other is refused here."""
        try:
            kind = medium.classify().kind
        except CardGone:
            raise Refused(reasons.REMOVED_EARLY) from None
        if kind == SERVICE:
            return kind
        if self._wait is None and self._require_client:
            return ""
        wanted = self._wait.kind if self._wait is not None else kind
        if kind in (DEBIT, INIT_BATCH) and kind == wanted:
            return kind
        self._settle(medium)
        if kind == TORN:
            raise Refused(reasons.DAMAGED)
        if kind in ("master", "white", DEBIT, INIT_BATCH):
            raise Refused(reasons.WRONG_CARD)
        raise Refused(reasons.FOREIGN)

    def _granted(self, grant: Grant, uid: bytes) -> None:
        """The relay is on already: now there is time for words."""
        self._device.reported.set()
        value = {
            "batch": grant.batch,
            "credit": grant.credit,
            "seq": grant.seq,
            "balance": {"left": grant.left},
        }
        self._answer(value)
        self._notify_tap(reasons.GRANTED, grant.batch, grant.credit, uid)
        self._show_for_a_while()
        self._ui.grant(credit=grant.credit, left=self._left())

    def _initialised(self, medium: Medium) -> None:
        self._ui.show("reading")
        with Borrowed("batch_init") as code:
            now = self._device.clock.earliest
            init = code.BatchInit(self._config, self._journal, self._batches, self._field, now)
            batch = init.initialise(medium)
        self._device.reported.set()
        self._answer(
            {
                "batch": batch.batch_id,
                "first": batch.first_credit,
                "count": batch.count,
                "machine_id": batch.machine_id,
            }
        )
        self._notify_tap(reasons.GRANTED, batch.batch_id, 0, medium.uid)
        self._show_for_a_while()
        self._ui.done("batch_done", batch=batch.batch_number, left=self._left())

    def _served(self, medium: Medium) -> None:
        self._ui.show("reading")
        try:
            with Borrowed("service_card") as code:
                visit = code.exchange(self._device, medium)
        except MemoryError:
            raise Refused(reasons.BUSY, detail="out of memory") from None  # a report is under way: there is time
        told = {"uid": medium.uid.hex(), "reports": visit.reports, "entries": visit.entries, "pushes": visit.pushes}
        self._link.notify("service", told)
        self._show_for_a_while()
        self._ui.done("service_done" if visit.reports else "service_known", entries=visit.entries)

    def _refuse(self, refused: Refused, uid: bytes, counts: bool = True) -> None:
        """Say why. A card that left too early is looked at as soon as it is back, any other when it has been gone.

        Not ``counts``: a service card. No client waits for that, and no journal wants to know."""
        early = refused.reason in (reasons.REMOVED_EARLY, reasons.READER_LOST)
        if uid and not early:
            self._field.settle_uid(uid)
        wait = self._wait
        if wait is not None and counts:
            self._wait = None
            wait.refused = refused
            wait.done.set()
        self._notify_tap(refused.reason, refused.batch, refused.credit, uid)
        self._show_for_a_while()
        self._ui.refuse(refused.reason)
        if refused.reason == reasons.LOCKED:
            self._show_locked()
        if counts and not early and refused.reason not in (reasons.STORAGE_FAILED, reasons.STORAGE_FULL):
            self._journal_refusal(refused, uid)

    def _journal_refusal(self, refused: Refused, uid: bytes) -> None:
        detail = bytes([reasons.number(refused.reason)]) + uid
        try:
            self._journal.note(codec.REFUSED, refused.batch, refused.credit, detail)
        except Refused:
            pass  # the flash ails; the next exam will say so

    def _settle(self, medium: Medium) -> None:
        try:
            self._field.settle(medium)
        except RfError:
            pass  # it has left already

    # Quiet moments

    def _rest(self) -> None:
        if self._shown_ms is not None and self._device.clock.uptime_ms >= self._shown_ms:
            self._shown_ms = None
            self._show_base()
        elif self._shown_ms is None and self._shown_order != self._journal.state.order_number:
            self._show_base()
        self._quiet += 1
        if self._quiet % REST_POLLS == 0:
            gc.collect()
            if gc.mem_free() < _REST_BYTES:
                return  # a report is under way: there are other quiet moments
            try:
                self._journal.rest()
                if self._journal.has_folded:
                    self._journal.has_folded = False
                    self._batches.tidy(self._journal.state.batches)
            except Refused:
                pass  # said when it matters: before the next exam

    def _care_for_exam(self) -> None:
        try:
            over = self._exams.tick()
        except Refused:
            return  # tried again at the next poll
        if over:
            self._ended()

    def _ended(self) -> None:
        self._device.reported.set()
        self._show_for_a_while()
        self._ui.show("ended", left=self._left())

    def _show_for_a_while(self) -> None:
        self._device.clock.tick()
        self._shown_ms = self._device.clock.uptime_ms + SHOW_MS

    def _show_base(self) -> None:
        state = self._journal.state
        self._shown_order = state.order_number
        if state.exam is not None:
            self._ui.show("running", credit=state.exam.credit, left=self._left())
        elif state.locked:
            self._show_locked()
        elif not state.has_batches():
            self._ui.show(reasons.NOT_INITIALISED)
        else:
            self._ui.show("ready", left=self._left())

    def _show_locked(self) -> None:
        try:
            with Borrowed("lock_text") as code:
                code.show(self._ui, self._config.directory())
        except MemoryError:
            self._ui.show(reasons.LOCKED)  # a report is under way: the words come with the next screen

    def _lock_text(self) -> str:
        try:
            with Borrowed("lock_text") as code:
                return str(code.kept(self._config.directory()))
        except MemoryError:
            return ""

    def _left(self) -> int:
        left = 0
        for spent in self._journal.state.batches.values():
            left += spent.left()
        return left

    # The client

    def _notify_tap(self, reason: str, batch: int, credit: int, uid: bytes) -> None:
        self._link.notify("tap", {"reason": reason, "batch": batch, "credit": credit, "uid": uid.hex()})

    def _answer(self, value: dict[str, object]) -> None:
        wait, self._wait = self._wait, None
        if wait is not None:
            wait.value = value
            wait.done.set()

    async def _serve_debit(self, params: Params) -> dict[str, object]:
        timeout_ms = params.integer("timeout_ms", 0, TIMEOUT_MAX_MS)
        reference = params.text("reference", REFERENCE_MAX, "")
        exam = self._journal.state.exam
        if exam is not None:
            raise Refused(reasons.BUSY, exam.batch, exam.credit, "an exam is running")
        value = await self._wait_for(DEBIT, timeout_ms)
        if reference:
            value["reference"] = reference
        return value

    async def _serve_init_batch(self, params: Params) -> dict[str, object]:
        return await self._wait_for(INIT_BATCH, params.integer("timeout_ms", 0, TIMEOUT_MAX_MS))

    async def _wait_for(self, kind: str, timeout_ms: int) -> dict[str, object]:
        self._field.forget()
        wait = self._wait = _Wait(kind)
        try:
            await asyncio.wait_for_ms(wait.done.wait(), timeout_ms)
        except asyncio.CancelledError:
            if not wait.done.is_set():
                raise
        except asyncio.TimeoutError:
            if not wait.done.is_set():  # a card that came in the last moment has been dealt with all the same
                self._ui.refuse(reasons.TIMEOUT)
                self._show_for_a_while()
                raise Refused(reasons.TIMEOUT, detail="no card came") from None
        finally:
            if self._wait is wait:
                self._wait = None
        refused = wait.refused
        if refused is not None and refused.reason == reasons.LOCKED:
            raise Refused(refused.reason, refused.batch, refused.credit, self._lock_text())
        if refused is not None:
            raise refused
        return wait.value

    def _serve_end(self, params: Params) -> dict[str, object]:  # noqa: ARG002 (it takes none)
        seq = self._exams.end()
        self._ended()
        return {"seq": seq}


TYPE_CHECKING = False
if TYPE_CHECKING:
    from device import Device
