"""Queries of issuing."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import insert
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from backoffice.models import Batch, Card, IssuingJob, White
from backoffice.pagination import CursorRequest

Row = TypeVar("Row")


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


def jobs(session: Session, page: CursorRequest, state: str | None) -> Sequence[IssuingJob]:
    """Jobs, newest first, and one more than the limit when there are more."""
    query = select(IssuingJob) if state is None else select(IssuingJob).where(IssuingJob.state == state)
    return session.exec(_page(query, col(IssuingJob.id), page)).all()


def running_jobs(session: Session) -> Sequence[IssuingJob]:
    return session.exec(select(IssuingJob).where(IssuingJob.state == "running")).all()


def cards_in(session: Session, job_id: int, state: str) -> Sequence[Card]:
    return session.exec(select(Card).where(Card.job_id == job_id, Card.state == state).order_by(col(Card.id))).all()


def next_planned(session: Session, job_id: int) -> Card | None:
    """The next content that waits for a card."""
    statement = select(Card).where(Card.job_id == job_id, Card.state == "planned")
    return session.exec(statement.order_by(col(Card.credit), col(Card.id)).limit(1)).first()


def plan_credits(session: Session, rows: list[dict[str, object]]) -> None:
    """Plan many cards in one statement."""
    session.connection().execute(insert(Card), rows)


def whites(session: Session, page: CursorRequest) -> Sequence[White]:
    return session.exec(_page(select(White), col(White.id), page)).all()


def batches(session: Session, page: CursorRequest, institution_code: int | None) -> Sequence[Batch]:
    query = select(Batch)
    if institution_code is not None:
        query = query.where(Batch.institution_code == institution_code)
    return session.exec(_page(query, col(Batch.id), page)).all()


def _page(query: SelectOfScalar[Row], number: Any, page: CursorRequest) -> SelectOfScalar[Row]:
    """The highest numbers first, beyond the cursor."""
    after = page.after(1)
    query = query if after is None else query.where(number < after[0])
    return query.order_by(number.desc()).limit(page.limit + 1)
