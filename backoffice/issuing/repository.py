"""Queries of issuing."""

from collections.abc import Sequence

from sqlalchemy import insert
from sqlmodel import Session, col, func, select

from backoffice.models import Batch, Card, IssuingJob, White
from backoffice.pagination import PageRequest


def add(session: Session, row: IssuingJob | White | Batch) -> None:
    session.add(row)
    session.flush()


def next_white_id(session: Session) -> int:
    return (session.exec(select(func.max(White.id))).one() or 0) + 1


def next_batch_id(session: Session) -> int:
    return (session.exec(select(func.max(Batch.id))).one() or 0) + 1


def next_batch_number(session: Session, institution_code: int) -> int:
    statement = select(func.max(Batch.batch_number)).where(Batch.institution_code == institution_code)
    return (session.exec(statement).one() or 0) + 1


def job_of_batch(session: Session, batch_id: int, kind: str) -> IssuingJob | None:
    statement = select(IssuingJob).where(IssuingJob.batch_id == batch_id, IssuingJob.kind == kind)
    return session.exec(statement).first()


def jobs(session: Session, page: PageRequest, state: str | None) -> Sequence[IssuingJob]:
    statement = select(IssuingJob).order_by(col(IssuingJob.id).desc())
    if state is not None:
        statement = statement.where(IssuingJob.state == state)
    return session.exec(statement.offset(page.offset).limit(page.limit + 1)).all()


def running_jobs(session: Session) -> Sequence[IssuingJob]:
    return session.exec(select(IssuingJob).where(IssuingJob.state == "running")).all()


def counts(session: Session, job_id: int) -> dict[tuple[str, str], int]:
    """How many cards of a job are in each (state, outcome)."""
    statement = select(Card.state, Card.outcome, func.count()).where(Card.job_id == job_id)
    rows = session.exec(statement.group_by(col(Card.state), col(Card.outcome))).all()
    return {(state, outcome): count for state, outcome, count in rows}


def cards_in(session: Session, job_id: int, state: str) -> Sequence[Card]:
    return session.exec(select(Card).where(Card.job_id == job_id, Card.state == state).order_by(col(Card.id))).all()


def next_planned(session: Session, job_id: int) -> Card | None:
    """The next content that waits for a card."""
    statement = select(Card).where(Card.job_id == job_id, Card.state == "planned")
    return session.exec(statement.order_by(col(Card.credit), col(Card.id)).limit(1)).first()


def plan_credits(session: Session, rows: list[dict[str, object]]) -> None:
    """Plan many cards in one statement."""
    session.connection().execute(insert(Card), rows)


def whites(session: Session, page: PageRequest) -> Sequence[White]:
    return session.exec(select(White).order_by(col(White.id).desc()).offset(page.offset).limit(page.limit + 1)).all()


def batches(session: Session, page: PageRequest, institution_code: int | None) -> Sequence[Batch]:
    statement = select(Batch).order_by(col(Batch.id).desc())
    if institution_code is not None:
        statement = statement.where(Batch.institution_code == institution_code)
    return session.exec(statement.offset(page.offset).limit(page.limit + 1)).all()
