"""Cards left at each institution."""

from sqlmodel import Session, col, func, select

from backoffice.issuing.schemas import StockRow
from backoffice.models import Batch, Card, Institution, Usage

INSTITUTIONS_MAX = 1000


def of_institutions(session: Session, visible: frozenset[int] | None) -> list[StockRow]:
    """One row for each institution that has batches; only those that the viewer may see."""
    ordered = _ordered(session)
    by_state = _cards_by_state(session)
    used = _used(session)
    statement = select(Institution).order_by(col(Institution.name)).limit(INSTITUTIONS_MAX)
    if visible is not None:
        statement = statement.where(col(Institution.id).in_(visible))
    return [
        _row(institution, ordered[institution.code], by_state, used.get(institution.code, 0))
        for institution in session.exec(statement)
        if institution.code in ordered
    ]


def _row(
    institution: Institution, ordered: tuple[int, int], by_state: dict[tuple[int, str, str], int], used: int
) -> StockRow:
    code = institution.code
    issued = by_state.get((code, "written", ""), 0)
    to_make = sum(by_state.get((code, state, ""), 0) for state in ("planned", "writing", "torn"))
    voided = sum(count for (of, _, outcome), count in by_state.items() if of == code and outcome == "voided")
    return StockRow(
        institution_code=code,
        institution_name=institution.name,
        batches=ordered[0],
        ordered=ordered[1],
        to_make=to_make,
        issued=issued,
        used=used,
        left=max(0, issued - used),
        voided=voided,
    )


def _ordered(session: Session) -> dict[int, tuple[int, int]]:
    statement = select(Batch.institution_code, func.count(), func.sum(Batch.count)).where(Batch.state != "cancelled")
    rows = session.exec(statement.group_by(col(Batch.institution_code))).all()
    return {code: (batches, int(credits_)) for code, batches, credits_ in rows}


def _cards_by_state(session: Session) -> dict[tuple[int, str, str], int]:
    statement = (
        select(Batch.institution_code, Card.state, Card.outcome, func.count())
        .join(Batch, col(Card.batch_id) == col(Batch.id))
        .where(Card.level == "one_time")
        .group_by(col(Batch.institution_code), col(Card.state), col(Card.outcome))
    )
    return {(code, state, outcome): count for code, state, outcome, count in session.exec(statement).all()}


def _used(session: Session) -> dict[int, int]:
    """Credits of our batches that were debited, each counted once."""
    statement = (
        select(Batch.institution_code, func.count(func.distinct(Usage.credit)))
        .join(Batch, col(Usage.batch) == col(Batch.id))
        .group_by(col(Batch.institution_code))
    )
    return dict(session.exec(statement).all())
