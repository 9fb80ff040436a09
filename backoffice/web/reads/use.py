"""Use over the last days: every figure of a page is a sum over the same counts, so that they agree with each other.

Each clinic contributes its own last days (``backoffice.days``).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from sqlalchemy import select
from sqlmodel import Session, col

from backoffice.days import FALLBACK, NO_CLINIC, Calendars, Span
from backoffice.models import Institution
from backoffice.usage import repository
from backoffice.usage.wanted import Wanted
from backoffice.web.views import DayCount


def calendars(session: Session, visible: frozenset[int] | None, now: int) -> Calendars:
    """The calendars of the viewer's institutions; also that of no clinic, for who sees what belongs to none."""
    query = select(col(Institution.id), col(Institution.timezone))
    if visible is not None:
        query = query.where(col(Institution.id).in_(visible))
    names = {number: name for number, name in session.execute(query) if number is not None}
    return Calendars(names if visible is not None else {NO_CLINIC: FALLBACK, **names}, now)


def of_last(session: Session, wanted: Wanted, clinics: Calendars, days: int) -> "Use":
    """The use of the last so many days, and of as many before them."""
    spans = clinics.spans(2 * days)
    reach = wanted.between(min(span.first for span in spans), max(span.last for span in spans))
    counts: dict[int, dict[str, int]] = {}
    for number, day, exams in repository.by_day_and_institution(session, reach):
        counts.setdefault(number, {})[day] = exams
    return Use(session, wanted, clinics.only({*clinics.clinics, *counts}), counts)


@dataclass(frozen=True)
class Use:
    """Exams by institution and day."""

    session: Session
    wanted: Wanted
    clinics: Calendars
    """Those of which there is something to count; at least those that are clinics."""
    counts: Mapping[int, Mapping[str, int]]

    def total(self, days: int) -> int:
        """Exams of the last days."""
        return sum(sum(self.of(number, days)) for number in self.counts)

    def before(self, days: int) -> int:
        """Exams of as many days before, the last of them until the present time of day."""
        return sum(self.before_of(number, days) for number in self.counts)

    def of(self, institution_id: int, days: int) -> list[int]:
        """One institution's exams on each of its last days, oldest first."""
        return [self._on(institution_id, day) for day in self.clinics.of(institution_id).last(days)]

    def before_of(self, institution_id: int, days: int) -> int:
        """One institution's exams of as many days before."""
        clinic = self.clinics.of(institution_id)
        *whole, cut = clinic.last(2 * days)[:days]
        until = self._until(cut, clinic.same_time(days)).get(institution_id, 0)
        return sum(self._on(institution_id, day) for day in whole) + until

    def by_day(self, days: int) -> list[DayCount]:
        """One count for each date of these days, also for those without an exam. Where clinics have different dates
        at this moment there is a date more.
        """
        found: Counter[date] = Counter()
        for number in self.counts:
            found.update(dict(zip(self.clinics.of(number).last(days), self.of(number, days), strict=True)))
        return counted(self.clinics.spans(days), found)

    @cached_property
    def _cuts(self) -> dict[tuple[date, int], dict[int, int]]:
        return {}

    def _until(self, day: date, moment: int) -> dict[int, int]:
        if (day, moment) not in self._cuts:
            self._cuts[day, moment] = repository.of_day_until(self.session, self.wanted, day, moment)
        return self._cuts[day, moment]

    def _on(self, institution_id: int, day: date) -> int:
        return self.counts.get(institution_id, {}).get(day.isoformat(), 0)


def counted(spans: Sequence[Span], found: Mapping[date, int]) -> list[DayCount]:
    """A count for each date of these days; it says which of them are today somewhere."""
    first, last = min(span.first for span in spans), max(span.last for span in spans)
    days = (first + timedelta(days=place) for place in range((last - first).days + 1))
    todays = {span.last for span in spans}
    return [DayCount(day, found.get(day, 0), today=day in todays) for day in days]
