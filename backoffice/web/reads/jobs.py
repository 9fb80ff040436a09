"""Issuing jobs and the cards that failed in them."""

from dataclasses import replace

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from backoffice.models import Batch, Card, Device, Institution, IssuingJob
from backoffice.web.reads import AnySelect
from backoffice.web.reads.stock import number_of
from backoffice.web.views import CardRow, JobRow

ACTIVE = ("running", "paused")
WEAK = "weak_medium"
FAILURES_MAX = 1000
BATCHES_MAX = 100
PACE_CARDS = 20


def listed(session: Session, states: tuple[str, ...], limit: int, offset: int = 0) -> list[JobRow]:
    """Jobs in these states (all, when none is named), the last changed first."""
    query = _rows().order_by(col(IssuingJob.changed_at).desc(), col(IssuingJob.id).desc())
    if states:
        query = query.where(col(IssuingJob.state).in_(states))
    return [_paced(session, _job(*row)) for row in session.execute(query.offset(offset).limit(limit))]


def one(session: Session, job_id: int) -> JobRow | None:
    found = session.execute(_rows().where(col(IssuingJob.id) == job_id)).first()
    return _paced(session, _job(*found)) if found else None


def _paced(session: Session, job: JobRow) -> JobRow:
    """A running job with the time that its last cards took; a pause before them does not count."""
    if job.state != "running":
        return job
    query = select(col(Card.changed_at)).where(col(Card.job_id) == job.id, col(Card.state) == "written")
    last = list(session.scalars(query.order_by(col(Card.changed_at).desc()).limit(PACE_CARDS)))
    return replace(job, card_ms=(last[0] - last[-1]) * 1000 // (len(last) - 1)) if len(last) > 1 else job


def batches_without_cards(session: Session) -> list[Batch]:
    """Batches whose batch card exists and whose one-time cards nobody has ordered yet."""
    ordered = select(col(Card.batch_id)).where(col(Card.level) == "one_time", col(Card.batch_id).is_not(None))
    query = select(Batch).where(col(Batch.state) == "signed", col(Batch.id).not_in(ordered))
    return list(session.scalars(query.order_by(col(Batch.id).desc()).limit(BATCHES_MAX)))


def readers(session: Session) -> list[Device]:
    """The issuers at which one-time cards can be written."""
    query = select(Device).where(col(Device.role) == "child_issuer", col(Device.active))
    return list(session.scalars(query.order_by(col(Device.name))))


def failures(session: Session, job_id: int) -> list[CardRow]:
    """Every card of a job that failed or was torn away."""
    query = (
        select(Card)
        .where(col(Card.job_id) == job_id, col(Card.state).in_(("failed", "torn")))
        .order_by(col(Card.changed_at).desc(), col(Card.id).desc())
        .limit(FAILURES_MAX)
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
        for card in session.scalars(query)
    ]


def weak_cards_exist(session: Session) -> bool:
    """Whether cards that can be copied are in use: the warning stays as long as they are."""
    live = col(Card.state).in_(("written", "writing", "torn"))
    return session.scalar(select(col(Card.id)).where(col(Card.warning) == WEAK, live).limit(1)) is not None


def _rows() -> AnySelect:
    counts = (
        select(
            col(Card.job_id).label("job_id"),
            func.sum(case((col(Card.state) == "written", 1), else_=0)).label("written"),
            func.sum(case((col(Card.state).in_(("failed", "torn")), 1), else_=0)).label("failed"),
            func.max(col(Card.medium)).label("medium"),
        )
        .group_by(col(Card.job_id))
        .subquery()
    )
    return (
        select(IssuingJob, Device, Batch, Institution, counts.c.written, counts.c.failed, counts.c.medium)
        .join(Device, col(Device.id) == col(IssuingJob.device_id))
        .join(Batch, col(Batch.id) == col(IssuingJob.batch_id), isouter=True)
        .join(Institution, col(Institution.code) == col(Batch.institution_code), isouter=True)
        .join(counts, counts.c.job_id == col(IssuingJob.id), isouter=True)
    )


def _job(
    job: IssuingJob,
    device: Device,
    _batch: Batch | None,
    institution: Institution | None,
    written: int | None,
    failed: int | None,
    medium: str | None,
) -> JobRow:
    return JobRow(
        id=job.id or 0,
        kind=job.kind,
        state=job.state,
        issuer=device.name,
        institution=institution.name if institution else "",
        batch=job.batch_id,
        total=job.total,
        done=written or 0,
        failed=failed or 0,
        medium=medium or "",
        weak_medium=job.warning == WEAK,
        started_at=job.created_at,
        changed_at=job.changed_at,
        step=job.step if job.state == "running" else "",
        error_code=job.error_code if job.state != "running" else "",
        message=job.error_message if job.state == "paused" else "",
    )
