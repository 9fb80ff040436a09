"""What a day is: one rule, for every figure that has a day in it.

- An exam belongs to the day that the clock of its clinic shows. That day is stored with the debit when it arrives
  (``usage.day``) and stays: when a clinic moves to another time zone, past days stay as they were counted.
- A clinic's "today" is the day on its own clock, and its "last 7 days" end with that day.
- Over several clinics each contributes its own days: at one moment there are up to three dates that are "today".
- What belongs to no clinic, and a clinic whose zone the system does not know, has the days of UTC.

The server's own zone (``Settings.timezone``) says at which hour a page shows what happened at no clinic: log-ins,
orders, short messages. It counts no exam.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property, lru_cache

from backoffice.clock import ZONES_KEPT, zone

NO_CLINIC = 0
"""Stands for "no institution" where a number is needed; no institution has it."""
FALLBACK = "UTC"


def zone_of(name: str) -> tzinfo:
    """The zone of that name; UTC when the system does not know it, or when what is stored is no name at all: neither a
    page nor a report must break over it.
    """
    try:
        return zone(name)
    except (ValueError, TypeError, AttributeError):
        return UTC


def is_known(name: str) -> bool:
    """Whether the system knows the zone of that name now: packages come and go, aliases are moved."""
    return name == FALLBACK or zone_of(name) is not UTC


@dataclass(frozen=True)
class Calendar:
    """The days of one clinic, seen at one moment (``now``, unix seconds)."""

    zone_name: str
    now: int

    @cached_property
    def zone(self) -> tzinfo:
        """Its zone, or UTC."""
        return zone_of(self.zone_name)

    @cached_property
    def today(self) -> date:
        """The day on its clock."""
        return datetime.fromtimestamp(self.now, self.zone).date()

    def last(self, days: int) -> list[date]:
        """Its last so many days, today included, oldest first."""
        return [self.today - timedelta(days=ago) for ago in range(days - 1, -1, -1)]

    def span(self, days: int) -> "tuple[Span]":
        """Its last so many days, today included."""
        return (_span(self.today, days, None),)

    def same_time(self, days_ago: int) -> int:
        """When its clock showed the present time of day, so many days ago: with daylight saving that is not always a
        multiple of 86,400 seconds. Unix seconds.
        """
        local = datetime.fromtimestamp(self.now, self.zone)
        earlier = datetime.combine(local.date() - timedelta(days=days_ago), local.time(), self.zone)
        return int(earlier.timestamp())


@dataclass(frozen=True)
class Span:
    """Days, both ends included, of these institutions (None: of all of them)."""

    first: date
    last: date
    institutions: frozenset[int] | None


class Calendars:
    """The calendars of several clinics at one moment. ``NO_CLINIC`` may be among them."""

    def __init__(self, zone_names: Mapping[int, str], now: int) -> None:
        self._now = now
        self._of = {number: _calendar(name, now) for number, name in zone_names.items()}

    def of(self, institution_id: int | None) -> Calendar:
        """One clinic's calendar; UTC's for none."""
        return self._of.get(institution_id or NO_CLINIC) or _calendar(FALLBACK, self._now)

    def spans(self, days: int) -> tuple[Span, ...]:
        """The last so many days, one span for all clinics whose clocks show the same day; never empty."""
        groups: dict[date, set[int]] = defaultdict(set)
        for number, calendar in self._of.items():
            groups[calendar.today].add(number)
        if len(groups) <= 1:
            today = min(groups, default=self.of(NO_CLINIC).today)
            return (_span(today, days, None),)
        return tuple(_span(today, days, frozenset(groups[today])) for today in sorted(groups))

    def only(self, institution_ids: Iterable[int]) -> "Calendars":
        """Those of some of the clinics."""
        return Calendars({number: self.of(number).zone_name for number in institution_ids}, self._now)

    @property
    def clinics(self) -> list[int]:
        """The institutions."""
        return [number for number in self._of if number != NO_CLINIC]


def _span(today: date, days: int, institutions: frozenset[int] | None) -> Span:
    return Span(today - timedelta(days=days - 1), today, institutions)


@lru_cache(maxsize=ZONES_KEPT)
def _calendar(zone_name: str, now: int) -> Calendar:
    return Calendar(zone_name, now)
