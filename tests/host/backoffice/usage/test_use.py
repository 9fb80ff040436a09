"""Sums over the last days, against a person with a calendar at each clinic; and what a calendar says."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from backoffice.context import Context
from backoffice.days import Calendar, Calendars, is_known
from backoffice.db import transaction
from backoffice.models import Institution
from backoffice.usage.wanted import Wanted
from backoffice.web.reads import use
from tests.host.backoffice.usage.rows import clinic, row, store

EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"
THREE_DATES = int(datetime(2026, 11, 23, 10, 30, tzinfo=UTC).timestamp())
DAY_S = 86_400
ZONES = (EAST, WEST, "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC")
CHANGES = (datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 3, 14, tzinfo=UTC))
"""Berlin's clock goes back, New York's goes back, New York's goes forward."""


@pytest.mark.parametrize("change", CHANGES, ids=lambda day: day.date().isoformat())
def test_every_figure_is_what_a_person_with_a_calendar_at_each_clinic_counts(
    context: Context, change: datetime
) -> None:
    """Exams all around the clock for weeks, counted at many moments around a change of clocks."""
    begun = int(change.timestamp()) - 17 * DAY_S
    times = range(begun, begun + 20 * DAY_S, 2221)
    for number, zone in enumerate(ZONES, 1):
        clinic(context, zone, zone, number)
    with transaction(context.engine) as session:
        places = {place.id: place for place in session.exec(select(Institution))}
    store(context, (row(n, places[n], k, time) for n in places if n for k, time in enumerate(times)))
    for now in range(int(change.timestamp()) - DAY_S, int(change.timestamp()) + 2 * DAY_S, 5 * 3600 + 7 * 60):
        with transaction(context.engine) as session:
            used = use.of_last(session, Wanted(None), use.calendars(session, None, now), 7)
            assert used.total(1) == sum(counted(zone, times, now, 1) for zone in ZONES)
            assert used.total(7) == sum(counted(zone, times, now, 7) for zone in ZONES)
            assert used.before(1) == sum(counted_before(zone, times, now, 1) for zone in ZONES)
            assert used.before(7) == sum(counted_before(zone, times, now, 7) for zone in ZONES)
            by_date = sum((Counter(dates(zone, times, now, 7)) for zone in ZONES), Counter[date]())
            assert {day.day: day.count for day in used.by_day(7) if day.count} == by_date


def counted(zone: str, times: range, now: int, days: int) -> int:
    return len(dates(zone, times, now, days))


def dates(zone: str, times: range, now: int, days: int) -> list[date]:
    here = ZoneInfo(zone)
    today = datetime.fromtimestamp(now, here).date()
    found = (datetime.fromtimestamp(time, here).date() for time in times)
    return [day for day in found if today - timedelta(days=days) < day <= today]


def counted_before(zone: str, times: range, now: int, days: int) -> int:
    """Of as many days before: the last of them until the hand of the clinic's clock stands as it does now."""
    here = ZoneInfo(zone)
    clock = datetime.fromtimestamp(now, here)
    last = clock.date() - timedelta(days=days)
    until = datetime.combine(last, clock.time(), here).timestamp()
    found = (time for time in times if time <= until)
    return sum(last - timedelta(days=days) < datetime.fromtimestamp(time, here).date() <= last for time in found)


def test_the_present_time_of_day_was_25_hours_ago_when_the_clock_went_back() -> None:
    now = int(datetime(2026, 10, 25, 12, tzinfo=ZoneInfo("Europe/Berlin")).timestamp())
    assert now - Calendar("Europe/Berlin", now).same_time(1) == 25 * 3600
    assert now - Calendar("UTC", now).same_time(1) == 24 * 3600


def test_clinics_with_the_same_date_are_one_span() -> None:
    assert len(Calendars({1: "UTC", 2: "Europe/Berlin"}, THREE_DATES).spans(7)) == 1
    assert len(Calendars({1: EAST, 2: "UTC", 3: WEST}, THREE_DATES).spans(7)) == 3
    assert len(Calendars({}, THREE_DATES).spans(7)) == 1


def test_known_zones() -> None:
    assert is_known("UTC")
    assert is_known("Etc/UTC")
    assert not is_known("Mars/Olympus")
