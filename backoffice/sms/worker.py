"""Hands waiting short messages to the platform, with back-off and bounds, and tidies up.

One worker, one message at a time: a platform that is down sees one knock a round, not a crowd.
"""

import asyncio
from collections.abc import Sequence

from sqlmodel import Session

from backoffice import logs
from backoffice.alerts import service as alerts
from backoffice.alerts.kinds import Kind
from backoffice.db import STORAGE_TROUBLE, storage_error
from backoffice.errors import BackOfficeError, SmsPlatformRefused, SmsPlatformUnreachable, SmsTooOld
from backoffice.models import SmsIn, SmsOut
from backoffice.sms import repository, service
from backoffice.sms.gateway import SmsGateway
from backoffice.sms.platform import Aside
from backoffice.sms.schemas import OutKind
from backoffice.supervision import Worker

log = logs.get(__name__)

WORKER = "sms"
PAUSE_S = 5
SILENT_MAX_S = 3600
"""A worker that has done no round for so long hangs. A round may send BATCH_MESSAGES, each within minutes."""
BATCH_MESSAGES = 20
ATTEMPTS_MAX = 8
LIFETIME_S = {OutKind.ACK: 6 * 3600, OutKind.PUSH: 24 * 3600}
"""A machine forgets what it asked after eight more reports; commands wait in the next answer anyway."""
UNDECIDED_MAX_S = 7 * 86400
DAY_S = 86400
STUCK_ATTEMPTS = 3
"""So many attempts at one message fail before a person is told."""
NO_MACHINE = 0


def start(gateway: SmsGateway) -> list[asyncio.Task[None]]:
    """Begin to listen and to work, until cancelled; nothing to do without a platform."""
    if gateway.platform is None:
        return []
    gateway.bind()
    gateway.platform.start(_Inbox(gateway))
    worker = gateway.workers.add(WORKER, SILENT_MAX_S)
    return [worker.start_task(lambda: run(gateway, worker))]


async def run(gateway: SmsGateway, worker: Worker) -> None:
    """Round after round. One that the database refuses is logged and left to the next."""
    while True:
        with worker.round():
            try:
                await round_(gateway)
            except STORAGE_TROUBLE as error:
                log.error("sms_round_failed", code=storage_error(error).code, exc_info=error)
        await gateway.pause(PAUSE_S)


class _Inbox:
    """What a platform that is asked sees of the gateway."""

    def __init__(self, gateway: SmsGateway) -> None:
        self._gateway = gateway

    def take(self, provider_id: str, sender: str, data: bytes) -> bool:
        return self._gateway.deliver(provider_id, sender, data)

    def report(self, provider_id: str, number: str, *, delivered: bool, submitted_at: int) -> bool:
        return self._gateway.report(provider_id, number, delivered=delivered, submitted_at=submitted_at)

    def set_aside(self, aside: Aside) -> bool:
        return self._gateway.set_aside(aside)

    def trouble(self, subject: str, message: str) -> bool:
        return self._gateway.trouble(subject, message)


async def round_(gateway: SmsGateway) -> None:
    """One round: send what is due, decide what is undecided, forget what is old."""
    message, undecided = await asyncio.to_thread(gateway.do, lambda session: _look(session, gateway))
    for _ in range(BATCH_MESSAGES):
        if message is None or not await asyncio.to_thread(_send, gateway, message):
            break
        message = await asyncio.to_thread(gateway.do, lambda session: _claim(session, gateway.clock()))
    for report in undecided:
        await _decide(gateway, report)


def _look(session: Session, gateway: SmsGateway) -> tuple[SmsOut | None, Sequence[SmsIn]]:
    """What there is to do, in one transaction."""
    now = gateway.clock()
    before = {kind: now - lifetime_s for kind, lifetime_s in LIFETIME_S.items()}
    repository.expire_queued(session, before, SmsTooOld.code, now)
    repository.forget(session, now - gateway.settings.sms_keep_days * DAY_S)
    return _claim(session, now), _undecided(session, now)


def _claim(session: Session, now: int) -> SmsOut | None:
    """The next that is due. Counted before it is sent: a back office that dies in between does not send without end."""
    row = repository.next_due(session, now)
    if row is not None:
        row.attempts += 1
        row.next_at = now + service.back_off_s(row.attempts, row.id or 0)
        row.handed_over_at = now
    return row


def _send(gateway: SmsGateway, row: SmsOut) -> bool:
    """Hand it over; False when the platform cannot be reached, so that the others wait for the next round."""
    platform, sms_id = gateway.platform, row.id or 0
    if platform is None:
        return False
    try:
        provider_id = platform.send(row.number, row.body, sms_id)
    except Exception as error:  # noqa: BLE001 - whatever the platform answered: one message failed, not the worker
        failed = _as_ours(gateway, error)
        log.warning("sms_not_sent", sms_id=sms_id, code=failed.code, attempts=row.attempts)
        gateway.do(lambda session: _not_sent(session, gateway, row, failed))
        return isinstance(failed, SmsPlatformRefused)
    gateway.do(lambda session: _sent(session, gateway, sms_id, platform.name, provider_id))
    return True


def _as_ours(gateway: SmsGateway, error: Exception) -> BackOfficeError:
    """What nobody foresaw is told, and tried again like everything that is no refusal."""
    if isinstance(error, SmsPlatformUnreachable | SmsPlatformRefused):
        return error
    gateway.workers.add(WORKER).failed(error)
    return SmsPlatformUnreachable("the platform's answer makes no sense")


def _sent(session: Session, gateway: SmsGateway, sms_id: int, platform: str, provider_id: str | None) -> None:
    now = gateway.clock()
    service.handed_over(session, sms_id, platform, provider_id, now)
    alerts.clear_fact(session, gateway.broker, Kind.SMS_STUCK, now, machine_id=NO_MACHINE)


def _not_sent(session: Session, gateway: SmsGateway, row: SmsOut, error: BackOfficeError) -> None:
    now, refused = gateway.clock(), isinstance(error, SmsPlatformRefused)
    final = refused or row.attempts >= ATTEMPTS_MAX
    service.not_handed_over(session, row.id or 0, error, now, final=final)
    if row.attempts == STUCK_ATTEMPTS and not refused:
        alerts.raise_alert(session, gateway.broker, Kind.SMS_STUCK, error.message, now)


def _undecided(session: Session, now: int) -> Sequence[SmsIn]:
    rows = repository.undecided(session, now, BATCH_MESSAGES)
    for row in rows:
        if row.handed_in_at < now - UNDECIDED_MAX_S or row.body is None:
            service.refuse(session, row.id or 0, SmsTooOld())
    return [row for row in rows if row.body is not None]


async def _decide(gateway: SmsGateway, row: SmsIn) -> None:
    try:
        await gateway.decide(row, row.body or b"")
    except (BackOfficeError, *STORAGE_TROUBLE) as error:
        log.warning("sms_undecided", sms_id=row.id, code=storage_error(error).code)
    except Exception as error:  # noqa: BLE001 - it is this message's trouble; the others are decided
        gateway.workers.add(WORKER).failed(error)
        await asyncio.to_thread(gateway.do, lambda session: _postpone(session, gateway, row))


def _postpone(session: Session, gateway: SmsGateway, row: SmsIn) -> None:
    service.postpone(session, row.id or 0, BackOfficeError(), gateway.clock())
