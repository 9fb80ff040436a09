"""One running back office's short messages: the platform, its secrets, and the way in.

What comes in is stored first, under its identity, and decided after that: an SMS that was handed in is never lost and
never taken twice, whatever fails in between.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as NotInTime
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TypeVar

from protocol import links
from protocol.uplink import TWO_SMS_BYTES
from sqlalchemy import Engine, event
from sqlmodel import Session

from backoffice import logs
from backoffice.alerts import service as alerts
from backoffice.alerts.kinds import Kind
from backoffice.clock import Clock
from backoffice.db import STORAGE_TROUBLE, storage_error, transaction
from backoffice.errors import BackOfficeError, SmsBadSender, SmsMalformed, SmsOff, TooLarge
from backoffice.events.broker import Broker, Event
from backoffice.ingest.service import Ingest, Taken
from backoffice.keyring import Keyring
from backoffice.models import SmsIn, SmsOut
from backoffice.settings import Settings
from backoffice.sms import numbers, repository, service
from backoffice.sms.choice import make_platform
from backoffice.sms.handed_in import HandedIn
from backoffice.sms.platform import MAX_SMS_BYTES, SMS_BYTES, Aside, Platform
from backoffice.sms.schemas import OutState
from backoffice.sms.secret import SmsSecrets
from backoffice.supervision import Workers

log = logs.get(__name__)

Result = TypeVar("Result")

PROVIDER_ID_MAX_CHARS = 120
SENDER_MAX_CHARS = 24
HAND_IN_TIMEOUT_S = 40
NO_MACHINE = 0
TROUBLES = {"modem": Kind.SMS_MODEM_AWAY, "unreadable": Kind.SMS_UNREADABLE}
REPORTS_COME_WITHIN_S = 7 * 86400
"""SMS centres keep a message for days; a modem's numbers come again much sooner."""
OUR_TROUBLE_STATUS = 500
"""Errors from here on are ours: the SMS stays undecided and is tried again."""


class SmsGateway:
    """The way in and out for short messages. Off when no platform is configured."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        keyring: Keyring,
        broker: Broker,
        ingest: Ingest,
        clock: Clock,
        workers: Workers,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.broker = broker
        self.workers = workers
        self._engine = engine
        self._keyring = keyring
        self._ingest = ingest
        self._in_hand: set[int] = set()
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self.platform: Platform | None = None
        self.secrets: SmsSecrets | None = None
        if settings.sms_platform != "none":
            self.secrets = SmsSecrets.load(settings.sms_secret_path)
            self.platform = make_platform(settings, self.secrets, clock, workers)

    def require(self, name: str) -> SmsSecrets:
        """The secrets, if this is the platform in use; raises SmsOff."""
        if self.platform is None or self.secrets is None or self.platform.name != name:
            raise SmsOff()
        return self.secrets

    @property
    def platform_name(self) -> str:
        """Which platform is in use; ``none``."""
        return self.platform.name if self.platform else "none"

    # In.

    async def take(self, provider_id: str, sender: str, data: bytes, sent_at: int | None = None) -> SmsIn:
        """Take an SMS that the platform hands in; what became of it. Raises what makes it worth handing in again."""
        _check(provider_id, data)
        handed_in = HandedIn(provider_id, _storable(sender), data, sent_at)
        row, undecided = await asyncio.to_thread(self._record, handed_in)
        return await self.decide(row, data) if undecided else row

    async def decide(self, row: SmsIn, data: bytes) -> SmsIn:
        """Store what an SMS reports, and queue the answer."""
        sms_id = row.id or 0
        if not self._seize(sms_id):
            return row
        try:
            numbers.normal(row.sender)
            taken = await self._ingest.take_incoming(data, SMS_BYTES, TWO_SMS_BYTES, links.SMS)
            settled = await asyncio.to_thread(self._settle, sms_id, taken)
        except (BackOfficeError, *STORAGE_TROUBLE) as error:
            return await asyncio.to_thread(self._give_back, sms_id, storage_error(error))
        finally:
            self._release(sms_id)
        self.wake()
        return settled

    def _record(self, handed_in: HandedIn) -> tuple[SmsIn, bool]:
        with self._begin() as session:
            return service.record(session, self.platform_name, handed_in, self.settings.sms_per_minute, self.clock())

    def _settle(self, sms_id: int, taken: Taken) -> SmsIn:
        with self._begin() as session:
            return service.settle(session, sms_id, taken, self.settings.sms_per_machine_day, self.clock())

    def _give_back(self, sms_id: int, error: BackOfficeError) -> SmsIn:
        if error.status < OUR_TROUBLE_STATUS:
            with self._begin() as session:
                return service.refuse(session, sms_id, error)
        with self._begin() as session:
            service.postpone(session, sms_id, error, self.clock())
        raise error

    def _seize(self, sms_id: int) -> bool:
        """One hand at a time: the platform may hand the same SMS in twice at once."""
        with self._lock:
            if sms_id in self._in_hand:
                return False
            self._in_hand.add(sms_id)
            return True

    def _release(self, sms_id: int) -> None:
        with self._lock:
            self._in_hand.discard(sms_id)

    # Out.

    def push(self, session: Session, machine_id: int, *, urgent: bool) -> SmsOut | None:
        """Send a machine its waiting commands by SMS, once the session's transaction is durable, if that is useful."""
        machine = repository.machine(session, machine_id)
        if self.platform is None or machine is None or not service.is_useful(machine, urgent=urgent):
            return None
        per_day, now = self.settings.sms_per_machine_day, self.clock()
        row = service.push(session, self._keyring, machine_id, per_day, now, urgent=urgent)
        event.listen(session, "after_commit", lambda _session: self.wake(), once=True)
        return row

    async def take_delivery(self, reference: int, state: OutState) -> None:
        """The platform says what became of an SMS of ours; one that is forgotten is not missed."""
        await asyncio.to_thread(self._store_delivery, reference, state)

    def _store_delivery(self, reference: int, state: OutState) -> None:
        with self._begin() as session:
            row = repository.get_out(session, reference)
            if row is not None:
                service.report_delivery(row, state, self.clock())

    # The inbox of a platform that has to be asked; its thread calls.

    def bind(self) -> None:
        """Belong to the running event loop."""
        self._loop = asyncio.get_running_loop()

    def deliver(self, provider_id: str, sender: str, data: bytes) -> bool:
        """See Inbox.take."""
        if self._loop is None or self._loop.is_closed():
            return False
        future = asyncio.run_coroutine_threadsafe(self.take(provider_id, sender, data), self._loop)
        try:
            future.result(HAND_IN_TIMEOUT_S)
        except NotInTime:
            future.cancel()
            return False
        except (BackOfficeError, *STORAGE_TROUBLE) as error:
            log.warning("sms_not_taken", code=storage_error(error).code)
            return False
        return True

    def report(self, provider_id: str, number: str, *, delivered: bool, submitted_at: int = 0) -> bool:
        """See Inbox.report."""
        try:
            return self._report(provider_id, number, delivered, submitted_at)
        except STORAGE_TROUBLE as error:
            log.warning("sms_report_not_stored", code=storage_error(error).code)
            return False

    def _report(self, provider_id: str, number: str, delivered: bool, submitted_at: int) -> bool:
        now = self.clock()
        with self._begin() as session:
            since = now - REPORTS_COME_WITHIN_S
            rows = repository.called(session, self.platform_name, number, provider_id, since)
            row = service.meant(rows, provider_id, submitted_at, now)
            if row is not None:
                service.report_delivery(row, OutState.DELIVERED if delivered else OutState.FAILED, now)
            return row is not None

    def set_aside(self, aside: Aside) -> bool:
        """See Inbox.set_aside."""
        try:
            with self._begin() as session:
                repository.set_aside(session, service.aside_row(aside, self.clock()))
        except STORAGE_TROUBLE as error:
            log.warning("sms_not_set_aside", code=storage_error(error).code)
            return False
        return True

    def trouble(self, subject: str, message: str) -> bool:
        """See Inbox.trouble."""
        try:
            self._trouble(TROUBLES[subject], message)
        except STORAGE_TROUBLE as error:
            log.warning("sms_trouble_not_told", subject=subject, code=storage_error(error).code)
            return False
        return True

    def _trouble(self, kind: Kind, message: str) -> None:
        now = self.clock()
        with self._begin() as session:
            if message:
                alerts.raise_alert(session, self.broker, kind, message, now)
            else:
                alerts.clear_fact(session, self.broker, kind, now, machine_id=NO_MACHINE)

    # The worker's pause.

    def wake(self) -> None:
        """There is something to send. From any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def pause(self, longest_s: float) -> None:
        """Wait until there is something to send, at most so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), longest_s)
        self._wake.clear()

    def do(self, work: Callable[[Session], Result]) -> Result:
        """One short write transaction, for the worker."""
        with self._begin() as session:
            return work(session)

    @contextmanager
    def _begin(self) -> Iterator[Session]:
        with transaction(self._engine) as session:
            event.listen(session, "after_flush", self._tell)
            yield session

    def _tell(self, session: Session, _flush: object) -> None:
        """Open pages hear that short messages changed, once that is durable."""
        if any(isinstance(row, SmsIn | SmsOut) for row in (*session.new, *session.dirty)):
            self.broker.publish_after_commit(session, Event("sms"))

    def close(self) -> None:
        """Let the platform go."""
        if self.platform is not None:
            self.platform.close()


def _check(provider_id: str, data: bytes) -> None:
    if not 0 < len(provider_id) <= PROVIDER_ID_MAX_CHARS:
        raise SmsMalformed(f"an SMS has a number of at most {PROVIDER_ID_MAX_CHARS} characters")
    if not data:
        raise SmsMalformed("the SMS is empty")
    if len(data) > MAX_SMS_BYTES:
        raise TooLarge(f"an SMS has at most {MAX_SMS_BYTES} bytes in all its parts")


def _storable(sender: str) -> str:
    try:
        return numbers.normal(sender)
    except SmsBadSender:
        return sender[:SENDER_MAX_CHARS]  # it will be refused; the list shows who it was
