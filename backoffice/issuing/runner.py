"""Jobs in their device's thread: started, stopped, resumed; whatever happens, the job's row says so."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Event

from pydantic import SecretStr
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from backoffice import logs
from backoffice.accounts.roles import Viewer
from backoffice.db import storage_error
from backoffice.devices import service as devices
from backoffice.devices.issuer import Issuer, reason_of
from backoffice.devices.stations import Claim
from backoffice.errors import BackOfficeError, WrongState
from backoffice.issuing import batch_job, one_time_job, service, white_job
from backoffice.issuing.desk import JobDesk, Nudged, Stopped, publish
from backoffice.issuing.schemas import BatchOrder, JobRead, JobResume, OneTimeOrder, WhiteOrder
from backoffice.models import Device, IssuingJob
from backoffice.workshop import RunningJob, Workshop

log = logs.get(__name__)

ROLE_OF_KIND = {
    service.WHITE: "master_issuer",
    service.BATCH: "child_issuer",
    service.ONE_TIME: "child_issuer",
}
Order = Callable[[Session], IssuingJob]


def start_white(workshop: Workshop, viewer: Viewer, order: WhiteOrder) -> JobRead:
    """White cards in bulk. Raises AuthorityClosed, DeviceBusy, QuotaExhausted, ..."""
    signed = white_job.sign(workshop, viewer.user_id, order)
    return _start(
        workshop,
        viewer,
        service.WHITE,
        order.device_id,
        lambda session: white_job.order(session, signed, workshop.now()),
        order.issuer_pin,
    )


def start_batch(workshop: Workshop, viewer: Viewer, order: BatchOrder) -> JobRead:
    """One batch card."""
    return _start(
        workshop,
        viewer,
        service.BATCH,
        order.device_id,
        lambda session: service.order_batch(session, order, viewer.user_id, workshop.now()),
        order.pin,
    )


def start_one_time(workshop: Workshop, viewer: Viewer, order: OneTimeOrder) -> JobRead:
    """All one-time cards of a batch."""
    return _start(
        workshop,
        viewer,
        service.ONE_TIME,
        order.device_id,
        lambda session: service.order_one_time(
            session, order.device_id, order.batch_id, viewer.user_id, workshop.now()
        ),
        order.pin,
    )


def resume(workshop: Workshop, viewer: Viewer, job_id: int, wanted: JobResume) -> JobRead:
    """Go on where it stopped: after a pause, a cancellation, a crash."""
    with workshop.reading() as session:
        job = service.find_job(session, job_id)

    def again(session: Session) -> IssuingJob:
        stored = service.find_job(session, job_id)
        if stored.state == service.DONE or job_id in workshop.jobs:
            raise WrongState(f"job {job_id} is {stored.state}")
        service.settle(session, stored, service.RUNNING, "", "", workshop.now())
        stored.device_id = wanted.device_id or stored.device_id
        return stored

    return _start(workshop, viewer, job.kind, wanted.device_id or job.device_id, again, wanted.pin)


def cancel(workshop: Workshop, job_id: int) -> None:
    """Stop a job after the card that is being written. It can be resumed."""
    running = workshop.jobs.get(job_id)
    if running is not None:
        running.stop.set()
        running.station.cancel_wait()
        return
    with workshop.begin() as session:
        job = service.find_job(session, job_id)
        if job.state == service.DONE:
            raise WrongState(f"job {job_id} is done")
        service.settle(session, job, service.CANCELLED, "", "", workshop.now())


def nudge(workshop: Workshop, job_id: int | None) -> None:
    """A running job looks again what is to be done."""
    running = workshop.jobs.get(job_id or 0)
    if running is not None:
        running.station.cancel_wait()


def _start(workshop: Workshop, viewer: Viewer, kind: str, device_id: int, order: Order, pin: SecretStr) -> JobRead:
    """Hold the device, write the order down, let the device's thread do it."""
    with workshop.reading() as session:
        device = devices.usable(session, device_id, ROLE_OF_KIND[kind])
    with workshop.station(device).claim(f"{viewer.login} ({kind})") as claim:
        with workshop.begin() as session:
            job = order(session)
            publish(workshop, session, job)
            answer = service.read_job(session, job)
        _submit(workshop, claim, device, job, viewer.user_id, pin)
    return answer


def _submit(workshop: Workshop, claim: Claim, device: Device, job: IssuingJob, user_id: int, pin: SecretStr) -> None:
    job_id, stop, over = job.id or 0, Event(), Event()
    workshop.jobs[job_id] = RunningJob(workshop.station(device), stop, over)
    work = _work_of(job, device, pin)

    def in_thread(issuer: Issuer) -> None:
        try:
            _run(workshop, JobDesk(workshop, issuer, job_id, user_id, stop), work)
        finally:
            workshop.jobs.pop(job_id, None)  # before the device is free, so that a resume finds it so
            over.set()

    future = claim.submit(in_thread)
    future.add_done_callback(lambda ended: _ended(workshop, job_id, ended))


def _work_of(job: IssuingJob, device: Device, pin: SecretStr) -> Callable[[JobDesk], None]:
    subject = job.batch_id or 0
    if job.kind == service.WHITE:
        return lambda desk: white_job.run(desk, device, pin)
    if job.kind == service.BATCH:
        return lambda desk: batch_job.run(desk, device, subject, pin)
    return lambda desk: one_time_job.run(desk, device, subject, pin)


def _run(workshop: Workshop, desk: JobDesk, work: Callable[[JobDesk], None]) -> None:
    try:
        work(desk)
    except (Stopped, Nudged):
        if workshop.closing:
            _settle(workshop, desk.job_id, service.PAUSED, "server_stopped", "the server was stopped during this job")
        else:
            _settle(workshop, desk.job_id, service.CANCELLED, "", "")
    except BackOfficeError as error:
        _settle(workshop, desk.job_id, service.PAUSED, reason_of(error), error.message)
    except DatabaseError as error:
        known = storage_error(error)
        _settle(workshop, desk.job_id, service.PAUSED, known.code, known.message)
    else:
        _settle(workshop, desk.job_id, service.DONE, "", "")


def _ended(workshop: Workshop, job_id: int, ended: Future[None]) -> None:
    """What nobody foresaw is logged, and the job can be resumed all the same, also if the database is away just now."""
    error = None if ended.cancelled() else ended.exception()
    if error is not None and job_id not in workshop.jobs:
        log.error("issuing_job_failed", job_id=job_id, exc_info=error)
        workshop.stations.worker.insist(
            lambda: _settle(workshop, job_id, service.PAUSED, "internal", "the job ended unexpectedly")
        )


def _settle(workshop: Workshop, job_id: int, state: str, code: str, message: str) -> None:
    with workshop.begin() as session:
        job = service.find_job(session, job_id)
        service.settle(session, job, state, code, message, workshop.now())
        publish(workshop, session, job)
