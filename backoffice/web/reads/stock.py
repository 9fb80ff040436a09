"""Cards: how far each level has come, what is left at each institution, single cards."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from backoffice.models import Batch, Card, Institution, Machine, Master, Usage, White
from backoffice.web.reads import AnySelect, exams
from backoffice.web.views import BatchRow, CardRow, Level, Stock

PACE_DAYS = 28
BATCHES_MAX = 200
_GONE = ("failed", "erased")


@dataclass(frozen=True)
class CardFilter:
    visible_codes: frozenset[int] | None
    """Codes of the institutions that the viewer may see; None is all."""
    institution_code: int | None = None
    batch_id: int | None = None
    state: str = ""


def levels(session: Session) -> list[Level]:
    """The four levels from the root down: what was allowed, what was made of it, what was used."""
    states = _cards_by_level(session)
    credits_signed = int(session.scalar(select(func.coalesce(func.sum(col(White.quota)), 0))) or 0)
    ordered = int(session.scalar(select(func.count()).select_from(Batch).where(col(Batch.state) != "cancelled")) or 0)
    used = int(session.scalar(select(func.count()).select_from(Usage)) or 0)
    planned = {"batch": ordered, "one_time": credits_signed}
    return [
        Level(
            kind=kind,
            planned=planned.get(kind, 0),
            issued=states.get((kind, "written"), 0),
            failed=states.get((kind, "failed"), 0),
            used=used if kind == "one_time" else 0,
        )
        for kind in ("master", "white", "batch", "one_time")
    ]


def batches(session: Session, wanted: CardFilter, machine_id: int | None = None) -> list[BatchRow]:
    """Batches, newest first, each with how many of its cards were written and used."""
    written = (
        select(
            col(Card.batch_id).label("batch_id"),
            func.sum(case((col(Card.state) == "written", 1), else_=0)).label("issued"),
            func.sum(case((col(Card.state) == "failed", 1), else_=0)).label("failed"),
        )
        .where(col(Card.level) == "one_time")
        .group_by(col(Card.batch_id))
        .subquery()
    )
    used = select(col(Usage.batch), func.count().label("used")).group_by(col(Usage.batch)).subquery()
    query: AnySelect = (
        select(Batch, Institution, Machine, written.c.issued, written.c.failed, used.c.used)
        .join(Institution, col(Institution.code) == col(Batch.institution_code), isouter=True)
        .join(Machine, col(Machine.id) == col(Batch.machine_id), isouter=True)
        .join(written, written.c.batch_id == col(Batch.id), isouter=True)
        .join(used, used.c.batch == col(Batch.id), isouter=True)
        .where(col(Batch.state) != "cancelled")
        .order_by(col(Batch.created_at).desc(), col(Batch.id).desc())
        .limit(BATCHES_MAX)
    )
    if machine_id is not None:
        query = query.where(col(Batch.machine_id) == machine_id)
    return [_batch(*row) for row in session.execute(_of_institutions(query, wanted))]


def stock_by_code(session: Session, wanted: CardFilter, today: date) -> dict[int, Stock]:
    """What each institution has left, and its pace of the last four weeks."""
    left: dict[int, int] = {}
    for batch in batches(session, wanted):
        if batch.institution_code is not None:
            left[batch.institution_code] = left.get(batch.institution_code, 0) + batch.left
    days = exams.last_days(today, PACE_DAYS)
    query = (
        select(col(Institution.code), func.count())
        .join(Usage, col(Usage.institution_id) == col(Institution.id))
        .where(col(Usage.day).between(days[0].isoformat(), days[-1].isoformat()))
        .group_by(col(Institution.code))
    )
    used: dict[int, int] = dict(iter(session.execute(query)))
    return {code: Stock(count, used.get(code, 0) * 1000 // PACE_DAYS) for code, count in left.items()}


def cards(session: Session, wanted: CardFilter, limit: int, offset: int) -> list[CardRow]:
    """Single cards, the last changed first."""
    query: AnySelect = (
        select(Card, col(Usage.id))
        .join(Batch, col(Batch.id) == col(Card.batch_id), isouter=True)
        .join(Usage, (col(Usage.batch) == col(Card.batch_id)) & (col(Usage.credit) == col(Card.credit)), isouter=True)
        .order_by(col(Card.changed_at).desc(), col(Card.id).desc())
    )
    if wanted.batch_id is not None:
        query = query.where(col(Card.batch_id) == wanted.batch_id)
    if wanted.state == "used":
        query = query.where(col(Usage.id).is_not(None))
    elif wanted.state:
        query = query.where(col(Card.state) == wanted.state)
    return [_card(*row) for row in session.execute(_of_institutions(query, wanted).offset(offset).limit(limit))]


def written_card(session: Session, batch_id: int, credit: int) -> Card | None:
    """The one-time card that carries this credit."""
    query = select(Card).where(
        col(Card.batch_id) == batch_id,
        col(Card.credit) == credit,
        col(Card.level) == "one_time",
        col(Card.state).not_in(_GONE),
    )
    return session.scalars(query.limit(1)).first()


def chain_of(session: Session, batch_id: int) -> tuple[Batch, White | None, Master | None] | None:
    """A batch and the certificates above it."""
    batch = session.get(Batch, batch_id)
    if batch is None:
        return None
    white = session.get(White, batch.white_id)
    return batch, white, session.get(Master, white.master_id) if white else None


def _cards_by_level(session: Session) -> dict[tuple[str, str], int]:
    query = select(col(Card.level), col(Card.state), func.count()).group_by(col(Card.level), col(Card.state))
    return {(level, state): number for level, state, number in session.execute(query)}


def _of_institutions(query: AnySelect, wanted: CardFilter) -> AnySelect:
    if wanted.visible_codes is not None:
        query = query.where(col(Batch.institution_code).in_(wanted.visible_codes))
    if wanted.institution_code is not None:
        query = query.where(col(Batch.institution_code) == wanted.institution_code)
    return query


def _batch(
    batch: Batch,
    institution: Institution | None,
    machine: Machine | None,
    issued: int | None,
    failed: int | None,
    used: int | None,
) -> BatchRow:
    return BatchRow(
        id=batch.id,
        white_id=batch.white_id,
        number=batch.batch_number,
        institution=institution.name if institution else "",
        institution_code=institution.code if institution else None,
        machine=machine.name if machine else "",
        machine_id=machine.id if machine else None,
        first=batch.first_credit,
        count=batch.count,
        issued=issued or 0,
        failed=failed or 0,
        used=used or 0,
    )


def _card(card: Card, usage_id: int | None) -> CardRow:
    return CardRow(
        level=card.level,
        number=number_of(card),
        uid=card.uid,
        medium=card.medium,
        state="used" if usage_id is not None and card.state == "written" else card.state,
        reason=card.reason,
        batch=card.batch_id if card.level == "one_time" else None,
        at=card.changed_at if card.state != "planned" else None,
        href=f"/usage/{usage_id}" if usage_id is not None else "",
    )


def number_of(card: Card) -> int:
    """The number that is printed on the plastic: that of the card's own level."""
    numbers = {"master": card.master_id, "white": card.white_id, "batch": card.batch_id, "one_time": card.credit}
    return numbers.get(card.level) or 0
