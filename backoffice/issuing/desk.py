"""What a running job works with: the device, short transactions, the person's attention, and a way to be stopped."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import Event

from sqlmodel import Session

from backoffice.devices.issuer import Issuer, Shown, reason_of
from backoffice.errors import DeviceRefused
from backoffice.events import broker
from backoffice.issuing import service
from backoffice.models import IssuingJob
from backoffice.workshop import Workshop

SLICE_MS = 5_000
PATIENCE_MS = 10 * 60_000
"""How long a job waits for a card before it pauses and frees the device."""
PAUSE_MS = 200
TAP_AGAIN = ("removed_early", "two_cards", "damaged")


class Stopped(Exception):
    """The job was asked to stop, and did so between two cards."""


class Nudged(Exception):
    """Somebody changed the job's cards while it waited for one: look again what is to be done."""


@dataclass
class JobDesk:
    """One job at work on one device."""

    workshop: Workshop
    issuer: Issuer
    job_id: int
    user_id: int
    stop: Event
    patience_ms: int = PATIENCE_MS
    damage: dict[bytes, int] = field(default_factory=dict)
    """How often each card could not be written although it stayed in the field."""

    def begin(self) -> AbstractContextManager[Session]:
        return self.workshop.begin()

    def reading(self) -> AbstractContextManager[Session]:
        return self.workshop.reading()

    def now(self) -> int:
        return self.workshop.now()

    def check_stop(self) -> None:
        """Raises Stopped when somebody asked for it."""
        if self.stop.is_set():
            raise Stopped

    def tell(self, step: str, **more: object) -> None:
        """Record what the person is asked for, and tell every open page how far the job is."""
        with self.begin() as session:
            job = service.find_job(session, self.job_id)
            if job.step != step:
                job.step, job.changed_at = step, self.now()
            self.publish(session, job, **more)

    def publish(self, session: Session, job: IssuingJob, **more: object) -> None:
        """Progress, once the transaction is durable."""
        publish(self.workshop, session, job, **more)

    def ask(self, step: str, not_uid: bytes = b"") -> Shown:
        """Ask for a card and wait for it, in slices so that a stop is heard. `not_uid` still lies there from before.

        Raises Stopped, Nudged, or DeviceRefused (`timeout`) when nobody comes.
        """
        self.tell(step)
        waited_ms = 0
        while waited_ms < self.patience_ms:
            self.check_stop()
            try:
                shown = self.issuer.wait_card(min(SLICE_MS, self.patience_ms - waited_ms))
            except DeviceRefused as error:
                waited_ms += self._waited_ms(error)
            else:
                if shown.uid != not_uid:
                    return shown
                waited_ms += self.rest()
        raise DeviceRefused("nobody showed a card", reason="timeout", method="card.wait")

    def rest(self) -> int:
        """A moment before the device is asked again; ends early when the job is stopped."""
        self.stop.wait(PAUSE_MS / 1000)
        return PAUSE_MS

    def _waited_ms(self, error: DeviceRefused) -> int:
        reason = reason_of(error)
        if reason == "timeout":
            return SLICE_MS
        if reason in TAP_AGAIN:
            return self.rest()
        if reason == "cancelled":
            self.check_stop()
            raise Nudged
        raise error


def publish(workshop: Workshop, session: Session, job: IssuingJob, **more: object) -> None:
    """Tell every open page where a job stands, once the transaction is durable."""
    session.flush()
    read = service.read_job(session, job)
    event = broker.Event("issuing", {**read.model_dump(exclude={"error_message"}), **more})
    workshop.context.broker.publish_after_commit(session, event)
