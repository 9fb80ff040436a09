"""Filters of the pages, as they stand in the address."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import BeforeValidator

from backoffice.pagination import CURSOR_MAX_CHARS, Cursor, cursor_text, read_cursor
from backoffice.sms import repository as sms
from backoffice.web.page import Desk
from backoffice.web.reads import alarms, choices
from backoffice.web.views import Choice, Pager, address

DAY_CHOICES = (7, 30, 90)
DAYS_MAX = 366
ROWS_A_PAGE = 50
CHOICES_MAX = 500
MORE = "…"
"""Not a value: it stands where a list of choices is cut, and cannot be chosen."""
PLACE_NUMBERS = 2
"""A place in a list of a page: what its rows are sorted by, and a number that no two of them share."""


def _empty_is_none(value: object) -> object:
    """A form sends an empty filter as an empty text."""
    return None if value == "" else value


NumberInPath = Annotated[int, Path(ge=0, le=0xFFFFFFFF)]
"""Numbers of machines, institutions, rows: none is longer than 32 bits."""
OptionalNumber = Annotated[int | None, Query(ge=0, le=0xFFFFFFFF), BeforeValidator(_empty_is_none)]
OptionalDays = Annotated[int | None, Query(ge=1, le=DAYS_MAX), BeforeValidator(_empty_is_none)]
"""The last so many days, by each clinic's own clock."""
OptionalDay = Annotated[date | None, Query(), BeforeValidator(_empty_is_none)]


def _days(days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = 30) -> int:
    return days


def _older_than(older_than: Annotated[str | None, Query(max_length=CURSOR_MAX_CHARS)] = None) -> Cursor | None:
    return read_cursor(older_than, PLACE_NUMBERS) if older_than else None


def _newer_than(newer_than: Annotated[str | None, Query(max_length=CURSOR_MAX_CHARS)] = None) -> Cursor | None:
    return read_cursor(newer_than, PLACE_NUMBERS) if newer_than else None


def _worse_than(worse_than: Annotated[str | None, Query(max_length=CURSOR_MAX_CHARS)] = None) -> Cursor | None:
    return read_cursor(worse_than, alarms.PLACE_NUMBERS) if worse_than else None


def _better_than(better_than: Annotated[str | None, Query(max_length=CURSOR_MAX_CHARS)] = None) -> Cursor | None:
    return read_cursor(better_than, alarms.PLACE_NUMBERS) if better_than else None


def _older_sms(older_than: Annotated[str | None, Query(max_length=CURSOR_MAX_CHARS)] = None) -> Cursor | None:
    return read_cursor(older_than, sms.PLACE_NUMBERS) if older_than else None


OlderSmsDep = Annotated[Cursor | None, Depends(_older_sms)]
WorseDep = Annotated[Cursor | None, Depends(_worse_than)]
"""The place in the list of alerts above which worse ones are wanted."""
BetterDep = Annotated[Cursor | None, Depends(_better_than)]
OlderDep = Annotated[Cursor | None, Depends(_older_than)]
"""The place in a list beyond which older rows are wanted."""
NewerDep = Annotated[Cursor | None, Depends(_newer_than)]
DaysDep = Annotated[int, Depends(_days)]


def day_choices(desk: Desk, path: str, **query: object) -> list[Choice]:
    plural = desk.words.ngettext
    return [
        Choice(
            plural("%(num)s day", "%(num)s days", days) % {"num": days}, str(days), address(path, days=days, **query)
        )
        for days in DAY_CHOICES
    ]


def institution_choices(desk: Desk, chosen: int | None = None) -> list[Choice]:
    """The viewer's institutions by name; how many are not offered stands at the end."""
    found = choices.institutions(desk.session, desk.viewer.institution_ids, CHOICES_MAX, chosen)
    return all_choices(desk, [Choice(name, str(code)) for code, name in found.rows], found.more)


def machine_choices(desk: Desk, chosen: int | None = None, institution: int | None = None) -> list[Choice]:
    """The viewer's swipe machines by name, those of one institution if one is chosen."""
    found = choices.machines(desk.session, desk.viewer.institution_ids, CHOICES_MAX, chosen, institution)
    return all_choices(desk, [Choice(f"{name} ({number})", str(number)) for number, name in found.rows], found.more)


def reader_choices(desk: Desk) -> list[Choice]:
    """Devices on which the master card can be shown; none when there is none."""
    found = choices.card_readers(desk.session, CHOICES_MAX)
    return all_choices(desk, [Choice(name, str(number)) for number, name in found.rows], found.more)[1:]


def all_choices(desk: Desk, offered: list[Choice], more: int) -> list[Choice]:
    """No filter, these values of it, and how many there are beyond them."""
    words = desk.words.ngettext("%(num)s more is not listed", "%(num)s more are not listed", more)
    rest = [Choice(words % {"num": desk.formats.number(more)}, MORE)] if more else []
    return [Choice(desk.words.gettext("All"), ""), *offered, *rest]


def cursor_pager(path: str, newer_than: Cursor | None, older_than: Cursor | None, **query: object) -> Pager:
    """Links to the rows on either side of these, found by their place: what arrives meanwhile moves no row."""
    return Pager(
        before=address(path, **query, newer_than=cursor_text(newer_than)) if newer_than else "",
        after=address(path, **query, older_than=cursor_text(older_than)) if older_than else "",
    )


def name_pager(path: str, before: int | None, after: int | None, **query: object) -> Pager:
    """The same for a list by name, in which a place is the number of what stands there."""
    return Pager(
        before=address(path, **query, before=before) if before is not None else "",
        after=address(path, **query, after=after) if after is not None else "",
    )
