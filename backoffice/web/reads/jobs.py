"""Issuing jobs and the cards that failed in them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlmodel import Session, col

from backoffice.cards import repository
from backoffice.models import Batch, Card, Device, Institution, IssuingJob
from backoffice.pagination import Cursor, merged
from backoffice.web.reads.slices import Order, Slice
from backoffice.web.reads.stock import number_of
from backoffice.web.views import CardRow, JobRow

ACTIVE = ("running", "paused")
WEAK = "weak_medium"
FAILURES_SHOWN = 200
FAILED = ("failed", "torn")
BATCHES_MAX = 100
PACE_CARDS = 20
_ORDER = Order((col(IssuingJob.changed_at), col(IssuingJob.id)))


def listed(
    session: Session,
    states: tuple[str, ...],
    limit: int,
    older_than: Cursor | None = None,
    newer_than: Cursor | None = None,
) -> Slice[JobRow]:
    """Jobs in these states (all, when none is named), the last changed first."""
    streams = [[col(IssuingJob.state) == state] for state in states] if states else [[]]
    found = _ORDER.slice_of(session, streams, limit, older_than, newer_than)
    return found.showing(lambda places: _jobs(session, [number for _changed, number in places]))


def one(session: Session, job_id: int) -> JobRow | None:
    return next(iter(_jobs(session, [job_id])), None)


def _paced(session: Session, job: JobRow) -> JobRow:
    """A running job with the time that its last cards took; a pause before them does not count."""
    if job.state != "running":
        return job
    query = select(col(Card.changed_at)).where(col(Card.job_id) == job.id, col(Card.state) == "written")
    last = list(session.scalars(query.order_by(col(Card.changed_at).desc()).limit(PACE_CARDS)))
    return replace(job, card_ms=(last[0] - last[-1]) * 1000 // (len(last) - 1)) if len(last) > 1 else job


def batches_without_cards(session: Session) -> list[Batch]:
    """Batches whose batch card exists and whose one-time cards nobody has ordered yet, newest first; one more than
    BATCHES_MAX when there are more.
    """
    query = select(Batch).where(col(Batch.one_time_planned).is_(False), col(Batch.state) == "signed")
    return list(session.scalars(query.order_by(col(Batch.id).desc()).limit(BATCHES_MAX + 1)))


def readers(session: Session) -> list[Device]:
    """The issuers at which one-time cards can be written."""
    query = select(Device).where(col(Device.role) == "child_issuer", col(Device.active))
    return list(session.scalars(query.order_by(col(Device.name))))


def failures(session: Session, job_id: int) -> list[CardRow]:
    """The cards of a job that failed or were torn away, the latest first, at most FAILURES_SHOWN."""
    query = select(Card).order_by(col(Card.changed_at).desc(), col(Card.id).desc()).limit(FAILURES_SHOWN)
    lists = (
        session.scalars(query.where(col(Card.job_id) == job_id, col(Card.state) == state)).all() for state in FAILED
    )
    return [
        CardRow(
            level=card.level,
            number=number_of(card),
            uid=card.uid,
            medium=card.medium,
            state=card.state,
            reason=card.reason,
            batch=card.batch_id,
            at=card.changed_at,
            outcome=card.outcome or card.state,
        )
        for card in merged(lists, lambda card: (card.changed_at, card.id or 0), FAILURES_SHOWN)
    ]


def weak_cards_exist(session: Session) -> bool:
    """Whether cards that can be copied are in use: the warning stays as long as they are."""
    return repository.tally_of_all(session).get("weak", 0) > 0


def _jobs(session: Session, ids: Sequence[int]) -> list[JobRow]:
    """The rows of these jobs, in this order."""
    medium = (
        select(col(Card.medium))
        .where(col(Card.job_id) == col(IssuingJob.id), col(Card.state) == "written")
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(IssuingJob, Device, Institution, medium)
        .join(Device, col(Device.id) == col(IssuingJob.device_id))
        .join(Batch, col(Batch.id) == col(IssuingJob.batch_id), isouter=True)
        .join(Institution, col(Institution.code) == col(Batch.institution_code), isouter=True)
        .where(col(IssuingJob.id).in_(ids))
    )
    found = {job.id: (job, device, place, on) for job, device, place, on in session.execute(query)}
    there = [number for number in ids if number in found]
    return [_paced(session, _job(*found[number], repository.job_tally(session, number))) for number in there]


def _job(
    job: IssuingJob, device: Device, institution: Institution | None, medium: str | None, tally: Mapping[str, int]
) -> JobRow:
    return JobRow(
        id=job.id or 0,
        kind=job.kind,
        state=job.state,
        issuer=device.name,
        institution=institution.name if institution else "",
        batch=job.batch_id,
        total=job.total,
        done=tally.get("written", 0),
        failed=sum(tally.get(state, 0) for state in FAILED),
        medium=medium or "",
        weak_medium=job.warning == WEAK,
        started_at=job.created_at,
        changed_at=job.changed_at,
        step=job.step if job.state == "running" else "",
        error_code=job.error_code if job.state != "running" else "",
        message=job.error_message if job.state == "paused" else "",
    )
