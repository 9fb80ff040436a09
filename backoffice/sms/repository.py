"""Queries of the SMS domain."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Row, case, cast, delete, exists, func, literal, union_all, update
from sqlmodel import Session, col, select

from backoffice.models import Machine, SmsIn, SmsOut
from backoffice.pagination import PageRequest
from backoffice.sms.schemas import Direction, InState, OutKind, OutState

DAY_S = 86400
HANDED_OVER = (OutState.SUBMITTED.value, OutState.SENT.value, OutState.DELIVERED.value, OutState.FAILED.value)
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


def known(session: Session, platform: str, provider_id: str) -> SmsIn | None:
    """The SMS that the platform handed in under this number."""
    query = select(SmsIn).where(SmsIn.platform == platform, SmsIn.provider_id == provider_id)
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


def undecided(session: Session, before: int, limit: int) -> Sequence[SmsIn]:
    """What came in before and is not decided, oldest first."""
    query = select(SmsIn).where(SmsIn.state == InState.RECEIVED.value, SmsIn.received_at <= before)
    return session.exec(query.order_by(col(SmsIn.id)).limit(limit)).all()


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


def newest_out_by_provider_id(
    session: Session, platform: str, provider_id: str, number: str, since: int
) -> SmsOut | None:
    """The newest SMS to that number since that the platform calls so, as a whole or as one of its parts (``7-8-9``)."""
    query = select(SmsOut).where(
        SmsOut.platform == platform,
        func.ltrim(SmsOut.number, "+") == number.lstrip("+"),
        col(SmsOut.created_at) > since,
        ("-" + func.coalesce(col(SmsOut.provider_id), "") + "-").contains(f"-{provider_id}-", autoescape=True),
    )
    return session.exec(query.order_by(col(SmsOut.id).desc()).limit(1)).first()


def forget(session: Session, before: int) -> None:
    """Remove what is older than that."""
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


def traffic(
    session: Session,
    page: PageRequest,
    *,
    direction: Direction | None,
    machine_id: int | None,
    state: str | None,
    since: int | None,
    until: int | None,
) -> Sequence[Row[Any]]:
    """Both directions in one list, newest first. Columns: the fields of SmsRead.

    No more of either direction is read than the page could show, however long the lists have become.
    """
    most = page.offset + page.limit + 1
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
    wanted = [
        select(_newest(_narrowed(query, model, moment, machine_id, state, since, until), model, moment, most))
        for query, model, moment, way in (
            (coming, SmsIn, SmsIn.received_at, Direction.IN),
            (going, SmsOut, SmsOut.created_at, Direction.OUT),
        )
        if direction in (None, way)
    ]
    both = union_all(*wanted).subquery()
    query = select(both).order_by(both.c.at.desc(), both.c.direction.desc(), both.c.id.desc())  # type: ignore[call-overload]
    return list(session.connection().execute(query.offset(page.offset).limit(page.limit + 1)))


def _newest(query: Any, model: Any, moment: Any, most: int) -> Any:
    return query.order_by(moment.desc(), model.id.desc()).limit(most).subquery()


def _narrowed(
    query: Any, model: Any, moment: Any, machine_id: int | None, state: str | None, since: int | None, until: int | None
) -> Any:
    if machine_id is not None:
        query = query.where(model.machine_id == machine_id)
    if state is not None:
        query = query.where(model.state == state)
    if since is not None:
        query = query.where(moment >= since)
    if until is not None:
        query = query.where(moment < until)
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
