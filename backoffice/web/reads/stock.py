"""Cards: how far each level has come, what is left at each institution, single cards."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from backoffice.cards import repository
from backoffice.issuing.stock import left
from backoffice.models import Batch, Card, Institution, Machine, Master, Usage, UsageTotal, White
from backoffice.models.batch import ALIVE
from backoffice.pagination import Cursor, merged
from backoffice.usage.wanted import Wanted
from backoffice.web.reads import AnySelect, use
from backoffice.web.reads.slices import Order, Slice
from backoffice.web.views import BatchRow, CardRow, Level, Stock

PACE_DAYS = 28
BATCHES_SHOWN = 50
BATCHES_OF_MACHINE_SHOWN = 10
SHOWN_STATES = (*repository.STATES, "used")
_GONE = ("failed", "erased")
_ORDER = Order((col(Card.changed_at), col(Card.id)))


@dataclass(frozen=True)
class CardFilter:
    visible_codes: frozenset[int] | None
    """Codes of the institutions that the viewer may see; None is all."""
    institution_code: int | None = None
    batch_id: int | None = None
    state: str = ""

    @property
    def codes(self) -> frozenset[int] | None:
        """The institutions whose cards are meant; None: everything, also what belongs to none."""
        if self.institution_code is None:
            return self.visible_codes
        mine = frozenset({self.institution_code})
        return mine if self.visible_codes is None else mine & self.visible_codes


@dataclass(frozen=True)
class Batches:
    """The newest batches, and how many there are in all."""

    rows: Sequence[BatchRow]
    total: int


def levels(session: Session) -> list[Level]:
    """The four levels from the root down: what was allowed, what was made of it, what was used."""
    tally = repository.tally_of_all(session)
    credits_signed = int(session.scalar(select(func.coalesce(func.sum(col(White.quota)), 0))) or 0)
    planned = {"batch": tally.get("batches", 0), "one_time": credits_signed}
    return [
        Level(
            kind=kind,
            planned=planned.get(kind, 0),
            issued=tally.get(f"{kind}.written", 0),
            failed=tally.get(f"{kind}.failed", 0),
            used=tally.get(f"{kind}.used", 0),
        )
        for kind in repository.LEVELS
    ]


def batches(session: Session, wanted: CardFilter) -> Batches:
    """Batches, newest first, each with how many of its cards were written and used."""
    codes = wanted.codes
    streams: list[list[Any]] = [[]] if codes is None else [[col(Batch.institution_code) == code] for code in codes]
    subjects = ("all", (0,)) if codes is None else ("institution", codes)
    tallies = repository.tallies(session, *subjects)
    return Batches(
        _batches(session, streams, BATCHES_SHOWN), sum(tally.get("batches", 0) for tally in tallies.values())
    )


def batches_of_machine(session: Session, machine_id: int) -> Batches:
    """The same of one machine."""
    mine = col(Batch.machine_id) == machine_id
    total = session.scalar(select(func.count()).select_from(Batch).where(mine, ALIVE))
    return Batches(_batches(session, [[mine]], BATCHES_OF_MACHINE_SHOWN), int(total or 0))


def stock_by_code(session: Session, codes: Iterable[int], now: int) -> dict[int, Stock]:
    """What institutions that have batches have left, and their pace of the last four weeks, by their own clocks."""
    tallies = repository.tallies(session, "institution", codes)
    here = [code for code, tally in tallies.items() if tally.get("batches")]
    used = _used_by_code(session, here, now)
    return {code: Stock(left(tallies[code]), *used.get(code, (0, 0))) for code in here}


def _used_by_code(session: Session, codes: Sequence[int], now: int) -> dict[int, tuple[int, int]]:
    """Exams of the last weeks that count, and over how many days: since the first one where that was in these weeks."""
    query = select(col(Institution.id), col(Institution.code)).where(col(Institution.code).in_(codes))
    code_of = {number: code for number, code in session.execute(query) if number is not None}
    clinics = use.calendars(session, frozenset(code_of), now)
    paced = use.of_last(session, Wanted(frozenset(code_of)), clinics, PACE_DAYS)
    ever = _exams_ever(session, code_of)
    found = {}
    for number, code in code_of.items():
        by_day = paced.of(number, PACE_DAYS)
        used = sum(by_day)
        is_new = 0 < used == ever.get(number, 0)
        idle_days = next(place for place, count in enumerate(by_day) if count) if is_new else 0
        found[code] = used, PACE_DAYS - idle_days
    return found


def _exams_ever(session: Session, institution_ids: Iterable[int]) -> dict[int, int]:
    query = select(col(UsageTotal.institution_id), func.sum(col(UsageTotal.exams)))
    mine = query.where(col(UsageTotal.institution_id).in_(institution_ids))
    return {number: int(exams) for number, exams in session.execute(mine.group_by(col(UsageTotal.institution_id)))}


def cards(
    session: Session,
    wanted: CardFilter,
    limit: int,
    older_than: Cursor | None = None,
    newer_than: Cursor | None = None,
) -> Slice[CardRow]:
    """Single cards, the last changed first."""
    found = _ORDER.slice_of(session, _streams(wanted), limit, older_than, newer_than)
    return found.showing(lambda places: _cards(session, wanted.visible_codes, [number for _changed, number in places]))


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


def _streams(wanted: CardFilter) -> list[list[Any]]:
    """The lists of which the wanted one is made, each in the order of an index: that of a batch, of an institution and
    a state, of a state, of everything.
    """
    codes = wanted.codes
    states = (wanted.state,) if wanted.state else SHOWN_STATES
    shown = col(Card.shown)
    if wanted.batch_id is not None:
        rest = [shown == wanted.state] if wanted.state else []
        among = [] if codes is None else [col(Card.institution_code).in_(codes)]
        return [[col(Card.batch_id) == wanted.batch_id, *rest, *among]]
    if codes is not None:
        return [[col(Card.institution_code) == code, shown == state] for code, state in product(codes, states)]
    return [[shown == wanted.state]] if wanted.state else [[]]


def _cards(session: Session, visible_codes: frozenset[int] | None, ids: Sequence[int]) -> list[CardRow]:
    """The rows of these cards, in this order, each with its first debit that the viewer may see."""
    debit = select(func.min(col(Usage.id))).where(
        col(Usage.credit) == col(Card.credit), col(Usage.batch) == col(Card.batch_id)
    )
    if visible_codes is not None:  # another's machine may have claimed the card
        mine = select(col(Institution.id)).where(col(Institution.code).in_(visible_codes))
        debit = debit.where(col(Usage.institution_id).in_(mine))
    query = select(Card, debit.scalar_subquery()).where(col(Card.id).in_(ids))
    found = {card.id: _card(card, usage_id) for card, usage_id in session.execute(query)}
    return [found[number] for number in ids]


def _batches(session: Session, streams: Sequence[Sequence[Any]], limit: int) -> list[BatchRow]:
    query: AnySelect = (
        select(Batch, Institution, Machine)
        .join(Institution, col(Institution.code) == col(Batch.institution_code), isouter=True)
        .join(Machine, col(Machine.id) == col(Batch.machine_id), isouter=True)
        .where(ALIVE)
        .order_by(col(Batch.created_at).desc(), col(Batch.id).desc())
        .limit(limit)
    )
    lists = (session.execute(query.where(*stream)).all() for stream in streams)
    found = merged(lists, lambda row: (row[0].created_at, row[0].id), limit)
    tallies = repository.tallies(session, "batch", (batch.id for batch, _place, _machine in found))
    return [_batch(batch, place, machine, tallies[batch.id]) for batch, place, machine in found]


def _batch(
    batch: Batch, institution: Institution | None, machine: Machine | None, tally: Mapping[str, int]
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
        issued=tally.get("one_time.written", 0),
        failed=tally.get("one_time.failed", 0),
        used=tally.get("one_time.used", 0),
    )


def _card(card: Card, usage_id: int | None) -> CardRow:
    return CardRow(
        level=card.level,
        number=number_of(card),
        uid=card.uid,
        medium=card.medium,
        state=card.shown or card.state,
        reason=card.reason,
        batch=card.batch_id if card.level == "one_time" else None,
        at=card.changed_at if card.state != "planned" else None,
        href=f"/usage/{usage_id}" if usage_id is not None else "",
    )


def number_of(card: Card) -> int:
    """The number that is printed on the plastic: that of the card's own level."""
    numbers = {"master": card.master_id, "white": card.white_id, "batch": card.batch_id, "one_time": card.credit}
    return numbers.get(card.level) or 0
