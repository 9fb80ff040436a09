"""This device: what it knows, what it is made of, and the role that it plays with that.

The role begins when the power comes and again when the device was provisioned; nothing needs a restart.
"""

import asyncio
import gc
import os

from borrowed import Borrowed, unload
from clock import Clock
from config import Config
from errors import Corrupt, Refused
from field import Field
from hostlink import HostLink, Params
from journal import Journal
from mfrc522.chip import Mfrc522
from mfrc522.errors import ReaderLost
from micropython import const
from protocol import journal as codec
from protocol import keys, reasons, roles
from reader_care import ReaderCare

_FEED_MS = const(1000)
_DIRECTORY = const(0x4000)  # in os.ilistdir's type
_SWIPE_MODULES = ("swipe", "tap", "exams", "decision", "batches", "uplink", "link_state")
_OTHER_MODULES = (
    "provisioning",
    "issuer",
    "protocol.provisioning",
    "protocol.certificates",
    "protocol.chain",
    "protocol.p256",
    "protocol.p256_portable",
    "protocol.cbor",
)


class Device:
    """Everything that the services share."""

    def __init__(
        self,
        chip: Mfrc522,
        relay: "Callable[[bool], None]",
        link: HostLink,
        ui: "Ui",
        watchdog: "WDT",
        identity: tuple[bytes, int],
        make_modem: "Callable[[OnSms], Modem]",
    ) -> None:
        """``identity`` = the chip's unique number and the cause of this start."""
        self.chip = chip
        self.relay = relay
        self.link = link
        self.ui = ui
        self.clock = Clock()
        self.field = Field(chip)
        self.care = ReaderCare(chip, self._tell_reader)
        self.provisioning: Provisioning | None = None  # while an attempt is under way
        self.config: Config | None = None
        self.journal: Journal | None = None
        self.reported = asyncio.Event()  # set: there is something to report
        self.fault = ""
        self._watchdog = watchdog
        self.unique_id, self._reset_cause = identity
        self.make_modem = make_modem
        self.service: Swipe | Issuer | None = None
        self._cards: Issuer | None = None
        self.uplink: Uplink | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.start_counted = False  # the journal holds this start's BOOT
        self.least_heap_bytes = gc.mem_free()

    async def run(self) -> None:
        """For ever."""
        self._start_reader()
        self.link.add("hello", self._hello)
        self.link.add("status", self._status)
        self.link.add("uplink.now", self._uplink_now)
        self.link.add("card.cancel", self._cancel)
        self.link.add("provision.begin", self._provision)
        self.link.add("provision.bootstrap", self._bootstrap)
        self._load()
        self._note_boot()
        self._begin_role()
        asyncio.create_task(self.care.run(lambda: self.journal))  # noqa: RUF006 (lives as long as the loop)
        asyncio.create_task(self.link.serve())  # noqa: RUF006
        while True:
            self.feed()
            if self.provisioning is not None and not self.provisioning.is_active():
                await self._restart()  # nobody went on with it
            self.least_heap_bytes = min(self.least_heap_bytes, gc.mem_free())
            await asyncio.sleep_ms(_FEED_MS)

    def feed(self) -> None:
        """The program lives: also called inside what takes long."""
        self.clock.tick()
        self._watchdog.feed()

    def role(self) -> str | None:
        """What this device is; None before it was provisioned."""
        return self.config.role if self.config is not None else None

    def authority(self) -> bytes | None:
        """The public key of the authority this device believes."""
        return self.config.authority_key if self.config is not None else None

    def learn_authority(self, key: bytes) -> None:
        """The first master card was made here: from now on this is its authority."""
        if self.config is not None and self.config.authority_key is None:
            self.config.authority_key = key
            self.config.save()

    def adopt(self) -> None:
        """The configuration on flash is another: play the role that it says, from now on."""
        self._end_role()
        unload(_SWIPE_MODULES)
        unload(_OTHER_MODULES)
        self._load()
        self.start_counted = True  # the new journal begins within this start
        self._begin_role()

    def settings_changed(self) -> None:
        """By a command of the back office: the services begin anew, once the one that obeyed it has come to its end."""
        asyncio.create_task(self._restart())  # noqa: RUF006 (ends by itself)

    def offer_cards(self) -> None:
        """Waiting for cards and reading them, on a device of any role, to find the master card."""
        if self._cards is None:
            from issuer import Issuer

            self._cards = Issuer(self)
        self._cards.offer()

    # The role

    async def _restart(self) -> None:
        while self.link.is_busy() or (self.journal is not None and self.journal.state.exam is not None):
            await asyncio.sleep_ms(_FEED_MS)  # nobody's exam and nobody's call is disturbed for a setting
        self._end_role()
        await asyncio.sleep_ms(0)  # the services that were cancelled come to their end
        self._begin_role()

    def _end_role(self) -> None:
        self.link.cancel()
        for prefix in ("card.w", "card.r", "card.e", "card.d", "service.", "swipe.", "provision.m", "provision.c"):
            self.link.remove(prefix)
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        self.service = self._cards = self.uplink = self.provisioning = None
        gc.collect()

    def _begin_role(self) -> None:
        role = self.role()
        if self.fault:
            self._begin_fault()
        elif role == roles.SWIPE:
            self._begin_swipe()
        elif role is None:
            self.offer_cards()
            self.ui.show(reasons.NOT_PROVISIONED)
        else:
            self.offer_cards()
            self.service = self._cards
            self.ui.show("issuer_ready")
        gc.collect()

    def _begin_swipe(self) -> None:
        from swipe import Swipe

        assert self.config is not None
        self.ui.speak(self.config.text("language"))
        self.service = Swipe(self)
        self.service.offer()
        self._tasks.append(asyncio.create_task(self.service.run()))
        self._begin_uplink()

    def _begin_fault(self) -> None:
        """What the machine must know cannot be read: it says so to everybody and grants nothing."""
        for name in ("swipe.debit", "swipe.init_batch", "swipe.end"):
            self.link.add(name, self._refuse_for_fault)
        self.ui.show(reasons.STORAGE_FAILED)

    def _begin_uplink(self) -> None:
        from uplink import Uplink

        self.uplink = Uplink(self)
        self._tasks.append(asyncio.create_task(self.uplink.run()))

    # What is on flash

    def _load(self) -> None:
        self.fault = ""
        if self.journal is not None:
            self.journal.close()
        self.config = self.journal = None
        try:
            self.config = Config.load()
            if self.config is not None and self.config.machine_key:
                key = keys.journal_key(self.config.machine_key)
                self.journal = Journal.load(self.config.directory() + "/journal", key, self.clock.stamp)
        except Corrupt as error:
            self.fault = str(error)
            self.link.notify("fault", {"reason": reasons.STORAGE_FAILED, "detail": self.fault})
            return
        if self.journal is not None:
            self.clock.not_before(self.journal.state.latest_time)
        self._forget_old_provisionings()

    def _forget_old_provisionings(self) -> None:
        """A provisioning that a newer one replaced, or that was interrupted before the configuration named it."""
        present = self.config.directory() if self.config is not None else ""
        for name, kind, *_ in os.ilistdir("/"):
            if kind == _DIRECTORY and name[0] == "p" and "-" in name and "/" + name != present:
                remove_tree("/" + name)

    def _note_boot(self) -> None:
        if self.journal is None:
            return
        detail, batch, credit = bytes([self._reset_cause]), 0, 0
        exam = self.journal.state.exam
        if exam is not None:
            batch, credit = exam.batch, exam.credit
            detail += bytes([min(exam.boots + 1, 255)])
        try:
            self.journal.append(codec.BOOT, batch, credit, detail)
            self.start_counted = True
        except Refused:
            pass  # full or ailing: said when it matters, before the next exam

    # The host's questions

    def _hello(self, params: Params) -> dict[str, object]:  # noqa: ARG002 (it takes none)
        with Borrowed("device_report") as report:
            answer: dict[str, object] = report.hello(self)
            return answer

    def _status(self, params: Params) -> dict[str, object]:  # noqa: ARG002
        with Borrowed("device_report") as report:
            answer: dict[str, object] = report.status(self)
            return answer

    def _uplink_now(self, params: Params) -> dict[str, object]:  # noqa: ARG002
        if self.uplink is None:
            raise Refused(reasons.WRONG_ROLE if self.config else reasons.NOT_PROVISIONED, detail="no uplink here")
        self.uplink.hurry()
        return {"queued": True}

    def _cancel(self, params: Params) -> dict[str, object]:  # noqa: ARG002
        self.link.cancel()
        return {}

    def _refuse_for_fault(self, params: Params) -> dict[str, object]:  # noqa: ARG002
        raise Refused(reasons.STORAGE_FAILED, detail=self.fault)

    # Provisioning

    def _provision(self, params: Params) -> dict[str, object]:
        """The role rests meanwhile: the field belongs to the master card, and the heap to the code that reads it."""
        if self.journal is not None and self.journal.state.exam is not None:
            raise Refused(reasons.BUSY, detail="an exam is running")
        from provisioning import Provisioning

        attempt = Provisioning(self)
        answer = attempt.begin(params)
        self._end_role()
        unload(_SWIPE_MODULES)
        self.provisioning = attempt
        self.link.add("provision.master", attempt.master)
        self.link.add("provision.commit", attempt.commit)
        self.offer_cards()
        return answer

    def _bootstrap(self, params: Params) -> dict[str, object]:
        from provisioning import Provisioning

        return Provisioning(self).bootstrap(params)

    # The reader

    def _start_reader(self) -> None:
        try:
            self.chip.init()
            self.care.healthy = True
        except ReaderLost:
            self.care.healthy = False

    def _tell_reader(self, state: str) -> None:
        self.link.notify("reader", {"state": state})
        self.reported.set()


def remove_tree(path: str) -> None:
    """A directory with all that is in it."""
    for name, kind, *_ in os.ilistdir(path):
        if kind == _DIRECTORY:
            remove_tree(path + "/" + name)
        else:
            os.remove(path + "/" + name)
    os.rmdir(path)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from issuer import Issuer
    from machine import WDT
    from provisioning import Provisioning
    from sim800.modem import Modem, OnSms
    from swipe import Swipe
    from ui import Ui
    from uplink import Uplink
