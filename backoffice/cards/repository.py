"""Queries of the card registry."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from sqlmodel import Session, col, func, select

from backoffice.models import Batch, Card, CardEvent, CardTally, Usage, White
from backoffice.models.batch import ALIVE
from backoffice.models.card import ABOVE
from backoffice.pagination import Cursor, CursorRequest, merged
from backoffice.usage.standing import is_income

LEVELS = ("master", "white", "batch", "one_time")
STATES = ("planned", "writing", "torn", "written", "failed", "erased")
LIVE_ON_PLASTIC = ("writing", "torn", "written")
EVENTS_SHOWN = 200
OF_CREDIT_SHOWN = 100
SUBJECTS_A_QUERY = 500


def add(session: Session, card: Card) -> None:
    session.add(card)
    session.flush()


def live_on(session: Session, uid: str) -> Card | None:
    """The one card row that is live on this UID."""
    return session.exec(select(Card).where(Card.uid == uid, col(Card.state).in_(LIVE_ON_PLASTIC))).one_or_none()


def place(card: Card) -> Cursor:
    """Where a card stands in the list."""
    return (card.id or 0,)


def page_of(
    session: Session, page: CursorRequest, level: str | None, state: str | None, batch_id: int | None, uid: str | None
) -> Sequence[Card]:
    """Cards, newest first, and one more than the limit when there are more."""
    query = select(Card).order_by(col(Card.id).desc()).limit(page.limit + 1)
    if after := page.after(1):
        query = query.where(col(Card.id) < after[0])
    streams = _streams(level, state, batch_id, uid)
    return merged((session.exec(query.where(*stream)).all() for stream in streams), place, page.limit + 1)


def _streams(level: str | None, state: str | None, batch_id: int | None, uid: str | None) -> list[list[Any]]:
    """The lists of which the wanted one is made, each in the order of an index: (uid), (batch, level) or (level,
    state), and by id in it. A filter that is left out stands for each of its values.
    """
    levels = (level,) if level is not None else LEVELS
    states = (state,) if state is not None else STATES
    rest = [] if state is None else [Card.state == state]
    if uid is not None:
        among = [] if batch_id is None else [Card.batch_id == batch_id]
        return [[Card.uid == uid, *among, *rest, *([] if level is None else [Card.level == level])]]
    if batch_id is not None:
        return [[Card.batch_id == batch_id, Card.level == one, *rest] for one in levels]
    if level is None and state is None:
        return [[]]
    return [[Card.level == one, Card.state == other] for one, other in product(levels, states)]


def tallies(session: Session, scope: str, subjects: Iterable[int]) -> dict[int, dict[str, int]]:
    """The kept tallies of batches, institutions or jobs: for each its names and their numbers."""
    found: dict[int, dict[str, int]] = {subject: {} for subject in subjects}
    numbers = list(found)
    for first in range(0, len(numbers), SUBJECTS_A_QUERY):
        query = select(CardTally).where(
            CardTally.scope == scope, col(CardTally.subject).in_(numbers[first : first + SUBJECTS_A_QUERY])
        )
        for row in session.exec(query):
            found[row.subject][row.name] = row.number
    return found


def tally_of_all(session: Session) -> dict[str, int]:
    """The kept tallies of all cards."""
    return tallies(session, "all", (0,))[0]


def job_tally(session: Session, job_id: int) -> dict[str, int]:
    """How many cards of a job are in each state and of each outcome; a job makes cards of one level."""
    found = tallies(session, "job", (job_id,))[job_id]
    return {name.partition(".")[2]: number for name, number in found.items()}


def events_of(session: Session, card_id: int) -> Sequence[CardEvent]:
    statement = (
        select(CardEvent).where(CardEvent.card_id == card_id).order_by(col(CardEvent.id)).limit(EVENTS_SHOWN + 1)
    )
    return session.exec(statement).all()


def batch_of_credit(session: Session, credit: int) -> Batch | None:
    """The batch that was signed for this credit: no two that are not cancelled share one."""
    query = select(Batch).where(Batch.first_credit <= credit, ALIVE).order_by(col(Batch.first_credit).desc())
    found = session.exec(query.limit(1)).first()
    return found if found is not None and found.first_credit + found.count > credit else None


def white_of(session: Session, batch: Batch) -> White | None:
    return session.get(White, batch.white_id)


def cards_of_credit(session: Session, credit: int) -> Sequence[Card]:
    statement = select(Card).where(Card.level == "one_time", Card.credit == credit)
    return session.exec(statement.order_by(col(Card.id)).limit(OF_CREDIT_SHOWN + 1)).all()


def card_of(session: Session, level: str, subject: int) -> Card | None:
    """The card that carries a master, white or batch content now, or carried it last."""
    column = {"master": Card.master_id, "white": Card.white_id, "batch": Card.batch_id}[level]
    statement = select(Card).where(Card.level == level, column == subject, ABOVE).order_by(col(Card.id).desc())
    return session.exec(statement).first()


def usage_of_credit(session: Session, credit: int) -> Sequence[Usage]:
    query = select(Usage).where(Usage.credit == credit).order_by(col(Usage.batch), col(Usage.machine_id))
    return session.exec(query.limit(OF_CREDIT_SHOWN + 1)).all()


def is_used(session: Session, batch_id: int, credit: int) -> bool:
    """Whether a debit of this credit was reported that counts: what another machine claims spends nobody's card."""
    statement = select(func.count()).select_from(Usage).where(Usage.batch == batch_id, Usage.credit == credit)
    statement = statement.where(is_income())
    return session.exec(statement).one() > 0
