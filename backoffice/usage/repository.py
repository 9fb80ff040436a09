"""Queries of the usage domain: lists in the order of an index, sums from kept counters.

A list is found by its keys first (time and id, both in the index) and its rows by their ids. A viewer of several
institutions has one such list for each, and they are merged: each is as short as a page. A column marked
``_plain`` is one whose index would serve the condition and not the order.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression, and_, exists, func, or_, tuple_
from sqlalchemy.sql.operators import custom_op
from sqlmodel import Session, col, select

from backoffice.days import NO_CLINIC
from backoffice.models import InDoubt, Institution, Machine, Usage, UsageDay, UsageTotal
from backoffice.pagination import Cursor
from backoffice.usage.schemas import GroupBy
from backoffice.usage.standing import is_income
from backoffice.usage.wanted import Wanted

DAY_S = 86_400
LAST_DAY = "9999-12-31"
Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Counts:
    """What a sum comes to."""

    exams: int
    disputed: int
    uncounted: int


@dataclass(frozen=True)
class Group:
    """The sum of one day, institution or machine. ``number`` tells its place in the list."""

    value: str | int | None
    number: int
    counts: Counts


# Lists.


def keys(
    session: Session, wanted: Wanted, limit: int, *, older_than: Cursor | None = None, newer_than: Cursor | None = None
) -> list[Cursor]:
    """(time, id) of debits, latest first; with ``newer_than`` those that follow it, nearest first."""
    place = tuple_(col(Usage.time), col(Usage.id))
    rising = newer_than is not None
    query = select(Usage.time, Usage.id).where(*_rest(wanted)).limit(limit)
    if older_than is not None:
        query = query.where(place < older_than)
    if newer_than is not None:
        query = query.where(place > newer_than).order_by(col(Usage.time), col(Usage.id))
    else:
        query = query.order_by(col(Usage.time).desc(), col(Usage.id).desc())
    streams = ([(time_s, number or 0) for time_s, number in session.exec(query.where(*of))] for of in _streams(wanted))
    return _merged(streams, limit, rising=rising)


def by_ids(session: Session, ids: Iterable[int]) -> dict[int, Usage]:
    """Debits by id."""
    return {usage.id or 0: usage for usage in session.exec(select(Usage).where(col(Usage.id).in_(list(ids))))}


def highest_id(session: Session) -> int:
    """The id of the debit that was stored last; 0 when there is none."""
    return session.exec(select(func.max(Usage.id))).one() or 0


def in_doubt(
    session: Session, machine_ids: Iterable[int] | None, limit: int, after: Cursor | None = None
) -> list[InDoubt]:
    """Exams in doubt, oldest first; only those of these machines unless that is None."""
    place = (col(InDoubt.received_at), col(InDoubt.machine_id), col(InDoubt.credit))
    query = select(InDoubt).order_by(*place).limit(limit)
    if after is not None:
        query = query.where(tuple_(*place) > after)
    if machine_ids is None:
        return list(session.exec(query))
    found = (list(session.exec(query.where(InDoubt.machine_id == number))) for number in machine_ids)
    return list(heapq.merge(*found, key=lambda row: (row.received_at, row.machine_id, row.credit)))[:limit]


def in_doubt_count(session: Session, machine_ids: Iterable[int] | None) -> int:
    """How many exams are in doubt."""
    query = select(func.count()).select_from(InDoubt)
    if machine_ids is not None:
        query = query.where(col(InDoubt.machine_id).in_(list(machine_ids)))
    return session.exec(query).one()


def machines_in_doubt(session: Session, visible: Iterable[int]) -> Sequence[int]:
    """The machines that stand at these institutions and have an exam in doubt: few, so each may be asked about."""
    doubts = exists().where(col(InDoubt.machine_id) == col(Machine.id))
    return session.exec(select(Machine.id).where(col(Machine.institution_id).in_(list(visible)), doubts)).all()


# Sums.


def total(session: Session, wanted: Wanted) -> Counts:
    """What all of these debits come to."""
    table = _counters(wanted)
    sums = (func.coalesce(func.sum(figure), 0) for figure in (table.exams, table.disputed, table.uncounted))
    leading = "institution_id" if wanted.machine_id is None else "machine_id"
    query = select(*sums).where(*_counted(table, wanted, leading))
    return Counts(*session.exec(query).one())


def by_day_and_institution(session: Session, wanted: Wanted) -> list[tuple[int, str, int]]:
    """(institution or ``NO_CLINIC``, day, exams) of the days that are meant."""
    query = select(UsageDay.institution_id, UsageDay.day, func.sum(UsageDay.exams)).where(
        *_counted(UsageDay, wanted, *_led(wanted))
    )
    return list(session.exec(query.group_by(col(UsageDay.day), col(UsageDay.institution_id))).all())


def by_day(session: Session, wanted: Wanted) -> dict[str, int]:
    """Exams by day."""
    query = select(UsageDay.day, func.sum(UsageDay.exams)).where(*_counted(UsageDay, wanted, *_led(wanted)))
    return dict(session.exec(query.group_by(col(UsageDay.day))).all())


def of_day_until(session: Session, wanted: Wanted, day: date, moment: int) -> dict[int, int]:
    """Exams of one day up to a moment, by institution: the one sum that looks at debits, those of a day."""
    query = select(Usage.institution_id, func.count()).where(
        Usage.day == day.isoformat(), is_income(), Usage.time <= moment
    )
    if wanted.institutions is not None:
        query = query.where(col(Usage.institution_id).in_(wanted.institutions))
    return {
        number or NO_CLINIC: count for number, count in session.exec(query.group_by(col(Usage.institution_id))).all()
    }


def groups(session: Session, by: GroupBy, wanted: Wanted, limit: int, after: Cursor | None) -> list[Group]:
    """Sums by day (latest first), institution or machine (by number), after a place in that list."""
    if by is GroupBy.DAY:
        return _days(session, wanted, limit, after)
    if by is GroupBy.MACHINE:
        return _members(session, Machine, "machine_id", wanted, limit, after)
    return _nobodys(session, wanted, after) + _members(session, Institution, "institution_id", wanted, limit, after)


def _days(session: Session, wanted: Wanted, limit: int, after: Cursor | None) -> list[Group]:
    before = date.fromordinal(after[0]).isoformat() if after else LAST_DAY
    figures = _figures(UsageDay, wanted)
    query = (
        select(UsageDay.day, *figures)
        .where(*_counted(UsageDay, wanted, *_led(wanted)), UsageDay.day < before)
        .group_by(col(UsageDay.day))
        .having(_something(figures))
        .order_by(col(UsageDay.day).desc())
        .limit(limit)
    )
    return [
        Group(day, date.fromisoformat(day).toordinal(), Counts(*found)) for day, *found in session.exec(query).all()
    ]


def _members(
    session: Session, model: Any, column: str, wanted: Wanted, limit: int, after: Cursor | None
) -> list[Group]:
    """One sum for each institution or machine that has any: each is looked up by its own index."""
    table = _counters(wanted)
    figures = _figures(table, wanted)
    meant = and_(getattr(table, column) == model.id, *_counted(table, wanted))
    query = (
        select(model.id, *figures)
        .join(table, meant, isouter=True)
        .where(model.id > (after[0] if after else NO_CLINIC))
        .group_by(model.id)
        .having(_something(figures))
        .order_by(model.id)
        .limit(limit)
    )
    return [Group(number, number, Counts(*found)) for number, *found in session.exec(query).all()]


def _nobodys(session: Session, wanted: Wanted, after: Cursor | None) -> list[Group]:
    """What belongs to no institution, at the head of the list, for those who see it."""
    if after is not None or wanted.institutions is not None:
        return []
    table = _counters(wanted)
    figures = _figures(table, wanted)
    query = select(*figures).where(table.institution_id == NO_CLINIC, *_counted(table, wanted, "institution_id"))
    found = Counts(*(number or 0 for number in session.exec(query).one()))
    return [Group(None, NO_CLINIC, found)] if found.exams or found.uncounted else []


def _figures(table: Any, wanted: Wanted) -> tuple[Any, Any, Any]:
    exams = {None: table.exams, True: table.disputed, False: table.exams - table.disputed}[wanted.disputed]
    disputed = table.exams * 0 if wanted.disputed is False else table.disputed
    uncounted = table.uncounted if wanted.disputed is None else table.exams * 0
    return func.sum(exams), func.sum(disputed), func.sum(uncounted)


def _something(figures: tuple[Any, Any, Any]) -> Condition:
    exams, _disputed, uncounted = figures
    found: Condition = exams + uncounted > 0
    return found


def _counters(wanted: Wanted) -> Any:
    """The counters of days, if days are asked for; else those of all time."""
    return UsageTotal if wanted.first_day is None and wanted.last_day is None else UsageDay


def _led(wanted: Wanted) -> tuple[str, ...]:
    """The condition whose index is in the order of days; with several institutions only the table's own order is."""
    if wanted.machine_id is not None:
        return ("machine_id",)
    one = wanted.institutions is not None and len(wanted.institutions) == 1
    return ("institution_id",) if one else ()


def _counted(table: Any, wanted: Wanted, *leading: str) -> list[Condition]:
    """What narrows counters. Only a ``leading`` condition is looked up in an index of its own."""

    def column(name: str) -> Any:
        return getattr(table, name) if name in leading else _plain(getattr(table, name))

    found: list[Condition] = []
    if wanted.machine_id is not None:
        found.append(column("machine_id") == wanted.machine_id)
    if wanted.institutions is not None:
        one = column("institution_id")
        only = min(wanted.institutions, default=-1)
        found.append(one == only if len(wanted.institutions) < 2 else one.in_(wanted.institutions))
    if wanted.first_day is not None:
        found.append(table.day >= wanted.first_day.isoformat())
    if wanted.last_day is not None:
        found.append(table.day <= wanted.last_day.isoformat())
    return found + _in_spans(wanted, _plain(table.day) if wanted.spans else None, _plain(table.institution_id))


def _streams(wanted: Wanted) -> list[list[Condition]]:
    """The lists of which the wanted one is made, each in the order of an index."""
    meant = wanted.institutions
    if wanted.machine_id is not None:
        return [[col(Usage.machine_id) == wanted.machine_id, *_among(_plain(Usage.institution_id), meant)]]
    if wanted.disputed:  # they are few and have an index of their own, found by its bound
        return [[col(Usage.time) >= 0, *_among(_plain(Usage.institution_id), meant)]]
    return [[]] if meant is None else [[col(Usage.institution_id) == number] for number in sorted(meant)]


def _rest(wanted: Wanted) -> list[Condition]:
    """What narrows every one of the lists. A day is at most a day away from UTC's: that gives bounds of time."""
    found: list[Condition] = []
    if wanted.first_day is not None:
        found.append(col(Usage.time) >= _midnight(wanted.first_day) - DAY_S)
        found.append(_plain(Usage.day) >= wanted.first_day.isoformat())
    if wanted.last_day is not None:
        found.append(col(Usage.time) < _midnight(wanted.last_day) + 2 * DAY_S)
        found.append(_plain(Usage.day) <= wanted.last_day.isoformat())
    if wanted.disputed is not None:
        found.append(col(Usage.disputed).is_(wanted.disputed))
    if wanted.newest_id is not None:
        found.append(_plain(Usage.id) <= wanted.newest_id)
    clinic = func.coalesce(Usage.institution_id, NO_CLINIC)
    return found + _in_spans(wanted, _plain(Usage.day) if wanted.spans else None, clinic)


def _in_spans(wanted: Wanted, day: Any, clinic: Any) -> list[Condition]:
    """The last days of each group of clinics; nothing when all share their days, the bounds say it then."""
    if len(wanted.spans) < 2:
        return []
    spans = (
        and_(day.between(span.first.isoformat(), span.last.isoformat()), *_among(clinic, span.institutions))
        for span in wanted.spans
    )
    return [or_(*spans)]


def _among(column: Any, numbers: frozenset[int] | None) -> list[Condition]:
    return [] if numbers is None else [column.in_(numbers)]


def _plain(column: Any) -> Any:
    """SQLite's own sign for "not by the index of this column"."""
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def _merged(streams: Iterable[Sequence[Cursor]], limit: int, *, rising: bool) -> list[Cursor]:
    return list(heapq.merge(*streams, reverse=not rising))[:limit]
