"""Debits as ingest stores them, where a thousand sealed reports would only cost time; and what they come to, counted
row by row."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, select

from backoffice.clock import day_at
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.models import Institution, Usage, UsageDay, UsageTotal
from backoffice.usage.standing import Standing
from tests.host.backoffice.machines import Machine, add_institution, add_machine

Counts = dict[tuple[Any, ...], tuple[int, int, int]]


def clinic(context: Context, name: str, zone: str, machine_id: int) -> Machine:
    """A machine at an institution of its own."""
    return add_machine(context, Machine(machine_id=machine_id), add_institution(context, name, zone))


def row(machine_id: int, institution: Institution | None, number: int, time: int, **more: Any) -> dict[str, Any]:
    """One debit."""
    return {
        "machine_id": machine_id,
        "epoch": 1,
        "seq": number,
        "institution_id": institution.id if institution else None,
        "batch": machine_id,
        "credit": machine_id * 1_000_000 + number,
        "time": time,
        "time_quality": "trusted",
        "day": day_at(time, institution.timezone if institution else "UTC"),
        "disputed": False,
        "standing": Standing.COUNTED.value,
        "received_at": time,
        **more,
    }


def store(context: Context, rows: Iterable[dict[str, Any]]) -> None:
    with transaction(context.engine) as session:
        session.execute(insert(Usage), list(rows))


def kept(session: Session) -> tuple[Counts, Counts]:
    """What the counters say: by day, and of all time."""
    days = {
        (found.day, found.institution_id, found.machine_id): (found.exams, found.disputed, found.uncounted)
        for found in session.exec(select(UsageDay))
    }
    totals = {
        (found.institution_id, found.machine_id): (found.exams, found.disputed, found.uncounted)
        for found in session.exec(select(UsageTotal))
    }
    return days, totals


def raw(session: Session) -> tuple[Counts, Counts]:
    """The same, counted from the debits."""
    days: Counts = {}
    totals: Counts = {}
    for usage in session.exec(select(Usage)):
        place = usage.institution_id or 0, usage.machine_id
        counted = usage.standing == Standing.COUNTED.value
        figures = int(counted), int(counted and usage.disputed), int(not counted)
        for counts, key in ((days, (usage.day, *place)), (totals, place)):
            before = counts.get(key, (0, 0, 0))
            counts[key] = tuple(had + more for had, more in zip(before, figures, strict=True))  # type: ignore[assignment]
    return days, totals


def assert_in_step(context: Context) -> None:
    """The counters are the sums."""
    with transaction(context.engine) as session:
        assert kept(session) == raw(session)
