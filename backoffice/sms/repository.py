"""Queries of the SMS domain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, Row, case, cast, delete, exists, func, literal, or_, tuple_, update
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Session, col, select

from backoffice.models import Machine, SmsIn, SmsOut, SmsSetAside
from backoffice.pagination import Cursor, merged
from backoffice.sms.schemas import Direction, InState, OutKind, OutState

DAY_S = 86400
CALLED_SO_LOOKED_AT = 100
"""So many of the newest messages to one number that a platform calls the same may be meant by a delivery report."""
SET_ASIDE_KEPT = 2000
"""So many of what was set aside are kept, however much advertising comes."""
HANDED_OVER = (OutState.SUBMITTED.value, OutState.SENT.value, OutState.DELIVERED.value, OutState.FAILED.value)
PLACE_NUMBERS = 3
"""Moment, direction and number: a place in the list of both directions."""
WAYS = (Direction.IN, Direction.OUT)
"""An answer stands above the report that came in the same second."""
UNDER_WAY = (OutState.QUEUED.value, OutState.SUBMITTED.value, OutState.SENT.value, OutState.DELIVERED.value)


def add(session: Session, row: SmsIn | SmsOut) -> None:
    """Store a row; gives it its id."""
    session.add(row)
    session.flush()


def get_in(session: Session, sms_id: int) -> SmsIn | None:
    """One SMS that came in."""
    return session.get(SmsIn, sms_id)


def get_out(session: Session, sms_id: int) -> SmsOut | None:
    """One SMS that goes out."""
    return session.get(SmsOut, sms_id)


def machine(session: Session, machine_id: int) -> Machine | None:
    """A machine."""
    return session.get(Machine, machine_id)


def known(session: Session, platform: str, identity: bytes) -> SmsIn | None:
    """The same SMS, if the platform handed it in before."""
    query = select(SmsIn).where(SmsIn.platform == platform, SmsIn.identity == identity)
    return session.exec(query).first()


def received_since(session: Session, since: int) -> int:
    """How many came in since."""
    return session.exec(select(func.count()).where(col(SmsIn.received_at) > since)).one()


def answered_lately(session: Session, row: SmsIn, since: int) -> bool:
    """Whether the same content from the same number was taken since, and its answer is not lost."""
    query = (
        select(SmsIn.id)
        .join(SmsOut, col(SmsOut.sms_in_id) == col(SmsIn.id))
        .where(
            SmsIn.digest == row.digest,
            SmsIn.sender == row.sender,
            SmsIn.state == InState.TAKEN.value,
            SmsIn.id != row.id,
            col(SmsOut.created_at) > since,
            col(SmsOut.state).in_(UNDER_WAY),
        )
    )
    return session.exec(query).first() is not None


def answer_made_since(session: Session, row: SmsIn, since: int) -> bool:
    """Whether an answer to the same content from the same number was made since, whatever became of it."""
    query = (
        select(SmsOut.id)
        .join(SmsIn, col(SmsOut.sms_in_id) == col(SmsIn.id))
        .where(SmsIn.digest == row.digest, SmsIn.sender == row.sender, col(SmsOut.created_at) > since)
    )
    return session.exec(query).first() is not None


def undecided(session: Session, now: int, limit: int) -> Sequence[SmsIn]:
    """What is not decided and due to be, longest due first."""
    query = select(SmsIn).where(SmsIn.state == InState.RECEIVED.value, SmsIn.next_at <= now)
    return session.exec(query.order_by(col(SmsIn.next_at), col(SmsIn.id)).limit(limit)).all()


def queued_for(session: Session, machine_id: int, kind: OutKind) -> Sequence[SmsOut]:
    """What waits for a machine and was never handed over."""
    query = select(SmsOut).where(
        SmsOut.machine_id == machine_id,
        SmsOut.kind == kind.value,
        SmsOut.state == OutState.QUEUED.value,
    )
    return session.exec(query).all()


def parts_since(session: Session, machine_id: int, since: int) -> int:
    """What a machine has cost since, in short messages."""
    query = select(func.coalesce(func.sum(SmsOut.parts), 0)).where(
        SmsOut.machine_id == machine_id,
        col(SmsOut.created_at) > since,
        SmsOut.state != OutState.EXPIRED.value,
    )
    return int(session.exec(query).one())


def next_due(session: Session, now: int) -> SmsOut | None:
    """What is to be handed to the platform next."""
    query = select(SmsOut).where(SmsOut.state == OutState.QUEUED.value, SmsOut.next_at <= now)
    return session.exec(query.order_by(col(SmsOut.next_at), col(SmsOut.id)).limit(1)).first()


def called(session: Session, platform: str, number: str, provider_id: str, since: int) -> Sequence[SmsOut]:
    """What that number was sent since under the platform's ``provider_id`` (as a whole, or as one of its parts:
    ``7-8-9``), or is being sent and has no number yet; newest first."""
    bare = number.lstrip("+")
    named = literal("-") + col(SmsOut.provider_id) + "-"
    query = select(SmsOut).where(
        col(SmsOut.number).in_((bare, f"+{bare}")),
        col(SmsOut.handed_over_at) > since,
        col(SmsOut.platform).in_((platform, "")),
        or_(
            col(SmsOut.provider_id) == provider_id,
            named.contains(f"-{provider_id}-", autoescape=True),
            col(SmsOut.state) == OutState.QUEUED.value,
        ),
    )
    return session.exec(query.order_by(col(SmsOut.handed_over_at).desc()).limit(CALLED_SO_LOOKED_AT)).all()


def set_aside(session: Session, row: SmsSetAside) -> None:
    """Store what left the modem's memory; once, however often it is told."""
    values = row.model_dump(exclude={"id"})
    session.exec(insert(SmsSetAside).values(**values).on_conflict_do_nothing())


def those_set_aside(session: Session, limit: int, below: Cursor | None = None) -> Sequence[SmsSetAside]:
    """What was set aside, newest first, below a place in that list."""
    query = select(SmsSetAside).order_by(col(SmsSetAside.id).desc()).limit(limit)
    return session.exec(query.where(col(SmsSetAside.id) < below[0]) if below else query).all()


def forget(session: Session, before: int) -> None:
    """Remove what is older than that."""
    session.exec(delete(SmsSetAside).where(col(SmsSetAside.stored_at) < before))
    newest = select(func.max(SmsSetAside.id)).scalar_subquery()
    session.exec(delete(SmsSetAside).where(col(SmsSetAside.id) <= newest - SET_ASIDE_KEPT))
    session.exec(delete(SmsOut).where(col(SmsOut.created_at) < before))
    answered = exists().where(col(SmsOut.sms_in_id) == col(SmsIn.id))
    session.exec(delete(SmsIn).where(col(SmsIn.received_at) < before, ~answered))


def expire_queued(session: Session, before: dict[OutKind, int], error: str, now: int) -> None:
    """Give up what waits since before the moment that its kind is worth sending."""
    for kind, moment in before.items():
        session.exec(
            update(SmsOut)
            .where(
                col(SmsOut.state) == OutState.QUEUED.value,
                col(SmsOut.kind) == kind.value,
                col(SmsOut.created_at) < moment,
            )
            .values(state=OutState.EXPIRED.value, error=error, changed_at=now)
        )


@dataclass(frozen=True)
class Traffic:
    """Which short messages. ``since`` and ``until`` (not included) are unix seconds."""

    direction: Direction | None = None
    machine_id: int | None = None
    state: str | None = None
    since: int | None = None
    until: int | None = None


def traffic(session: Session, wanted: Traffic, limit: int, below: Cursor | None = None) -> Sequence[Row[Any]]:
    """Both directions in one list, newest first, those below a place in it. Columns: the fields of SmsRead.

    Each direction is a list in the order of an index, as short as a page.
    """
    coming = select(  # type: ignore[call-overload]
        literal(Direction.IN.value).label("direction"),
        SmsIn.id,
        col(SmsIn.received_at).label("at"),
        SmsIn.machine_id,
        col(SmsIn.sender).label("number"),
        literal("report").label("kind"),
        SmsIn.state,
        SmsIn.platform,
        literal(1).label("parts"),
        (col(SmsIn.repeats) + 1).label("attempts"),
        SmsIn.error,
    )
    going = select(  # type: ignore[call-overload]
        literal(Direction.OUT.value).label("direction"),
        SmsOut.id,
        col(SmsOut.created_at).label("at"),
        SmsOut.machine_id,
        SmsOut.number,
        SmsOut.kind,
        SmsOut.state,
        SmsOut.platform,
        SmsOut.parts,
        SmsOut.attempts,
        SmsOut.error,
    )
    lists = [
        session.connection()
        .execute(
            _narrowed(query, model, moment, wanted)
            .where(*_below(below, WAYS.index(way), moment, col(model.id)))
            .order_by(moment.desc(), col(model.id).desc())
            .limit(limit)
        )
        .all()
        for query, model, moment, way in (
            (coming, SmsIn, col(SmsIn.received_at), Direction.IN),
            (going, SmsOut, col(SmsOut.created_at), Direction.OUT),
        )
        if wanted.direction in (None, way)
    ]
    return merged(lists, place, limit)


def place(row: Row[Any]) -> Cursor:
    """Where a short message stands in the list of both directions."""
    return row.at, WAYS.index(Direction(row.direction)), row.id


def _below(place: Cursor | None, way: int, moment: Any, number: Any) -> list[Any]:
    """What comes after a place in the list, of one direction."""
    if place is None:
        return []
    at, other_way, other_number = place
    if way == other_way:
        return [tuple_(moment, number) < (at, other_number)]
    return [moment <= at if way < other_way else moment < at]


def _narrowed(query: Any, model: Any, moment: Any, wanted: Traffic) -> Any:
    if wanted.machine_id is not None:
        query = query.where(model.machine_id == wanted.machine_id)
    if wanted.state is not None:
        query = query.where(model.state == wanted.state)
    if wanted.since is not None:
        query = query.where(moment >= wanted.since)
    if wanted.until is not None:
        query = query.where(moment < wanted.until)
    return query


def days_in(session: Session, since: int, shift_s: int, machine_id: int | None) -> Sequence[Row[Any]]:
    """What came in on each day with traffic: SmsDay's fields by the day's number since 1970 at that place."""
    day = cast((col(SmsIn.received_at) + shift_s) / DAY_S, Integer)
    query = select(
        day.label("number"),
        func.count().label("received"),
        _count_if(col(SmsIn.state) == InState.REFUSED.value).label("refused"),
        _count_if(col(SmsIn.state) == InState.DUPLICATE.value).label("duplicates"),
    ).where(col(SmsIn.received_at) >= since)
    if machine_id is not None:
        query = query.where(SmsIn.machine_id == machine_id)
    return list(session.connection().execute(query.group_by(day)))


def days_out(session: Session, since: int, shift_s: int, machine_id: int | None) -> Sequence[Row[Any]]:
    """What went out on each day with traffic, likewise."""
    day = cast((col(SmsOut.created_at) + shift_s) / DAY_S, Integer)
    handed_over = col(SmsOut.state).in_(HANDED_OVER)
    query = select(  # type: ignore[call-overload]
        day.label("number"),
        _count_if(handed_over).label("sent"),
        func.sum(case((handed_over, col(SmsOut.parts)), else_=0)).label("parts"),
        _count_if(col(SmsOut.state) == OutState.DELIVERED.value).label("delivered"),
        _count_if(col(SmsOut.state) == OutState.FAILED.value).label("failed"),
    ).where(col(SmsOut.created_at) >= since)
    if machine_id is not None:
        query = query.where(SmsOut.machine_id == machine_id)
    return list(session.connection().execute(query.group_by(day)))


def _count_if(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))
