"""Numbers and times as a reader of the page's language writes them. Moments are unix seconds, as everywhere."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_decimal, format_percent

from backoffice.days import zone_of
from backoffice.web.i18n import Translator

JUST_NOW_S = 45
RECENT_S = 7 * 86400
WAIT_STEPS: tuple[tuple[Literal["hour", "minute", "second"], int], ...] = (
    ("hour", 3600),
    ("minute", 60),
    ("second", 1),
)
NO_LARGER_UNIT = 1000


@dataclass(frozen=True)
class Formats:
    """What a template needs to show figures: bound to one request's language, time zone and moment."""

    translator: Translator
    zone: tzinfo
    now: int
    home: tzinfo | None = None
    """The zone of the page, where these formats show the clock of another place."""

    def number(self, value: int) -> str:
        return format_decimal(value, locale=self.translator.locale)

    def percent(self, part: int, whole: int) -> str:
        return format_percent(part / whole if whole else 0, locale=self.translator.locale)

    def change(self, count: int, before: int) -> str:
        """How far `count` is from `before`, as a percentage without its sign (the arrow shows the direction)."""
        return format_percent(abs(count - before) / before if before else 0, locale=self.translator.locale)

    def at(self, zone_name: str) -> "Formats":
        """The same by the clock of a clinic: for what happened there."""
        return replace(self, zone=zone_of(zone_name), home=self.zone)

    def iso(self, moment: int) -> str:
        return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    def exact(self, moment: int) -> str:
        return format_datetime(self._local(moment), "yyyy-MM-dd HH:mm:ss z", locale=self.translator.locale)

    def clock(self, moment: int) -> str:
        """A moment for a list: the time, with the day when it is not today, and the zone when it is not the page's."""
        local = self._local(moment)
        time = format_datetime(local, "HH:mm:ss", locale=self.translator.locale)
        shown = time if local.date() == self._local(self.now).date() else f"{self.day(local.date())} {time[:5]}"
        elsewhere = self.home and local.utcoffset() != local.astimezone(self.home).utcoffset()
        return f"{shown} UTC{format_datetime(local, 'xxx')}" if elsewhere else shown

    def ago(self, moment: int) -> str:
        past_s = self.now - moment
        if abs(past_s) < JUST_NOW_S:
            return self.translator.gettext("just now")
        if past_s > RECENT_S:
            return self.on_date(moment)
        return format_timedelta(
            timedelta(seconds=-past_s), add_direction=True, threshold=1.2, locale=self.translator.locale
        )

    def on_date(self, moment: int) -> str:
        return self.long_day(self._local(moment).date())

    def span(self, seconds: int) -> str:
        return format_timedelta(timedelta(seconds=seconds), threshold=1, locale=self.translator.locale)

    def wait(self, seconds: int) -> str:
        """How long to wait: never less than it is, so rounded up to whole seconds, minutes or hours."""
        unit, unit_s = next(step for step in WAIT_STEPS if seconds > 2 * step[1] or step[1] == 1)
        whole = timedelta(seconds=-(-seconds // unit_s) * unit_s)
        return format_timedelta(whole, unit, threshold=NO_LARGER_UNIT, locale=self.translator.locale)

    def day(self, day: date) -> str:
        return format_skeleton(
            "MMMd", datetime(day.year, day.month, day.day, tzinfo=UTC), locale=self.translator.locale
        )

    def long_day(self, day: date) -> str:
        return format_date(day, "medium", locale=self.translator.locale)

    def bytes(self, count: int) -> str:
        return f"{self.number(-(-count // 1024))} KiB"

    def _local(self, moment: int) -> datetime:
        return datetime.fromtimestamp(moment, self.zone)
