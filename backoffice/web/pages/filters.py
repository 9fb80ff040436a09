"""Filters of the pages, as they stand in the address."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import BeforeValidator

from backoffice.pagination import OFFSET_MAX
from backoffice.web.page import Desk
from backoffice.web.reads import places
from backoffice.web.views import Choice, Pager, address

DAY_CHOICES = (7, 30, 90)
DAYS_MAX = 366
ROWS_A_PAGE = 50


def _empty_is_none(value: object) -> object:
    """A form sends an empty filter as an empty text."""
    return None if value == "" else value


NumberInPath = Annotated[int, Path(ge=0, le=0xFFFFFFFF)]
"""Numbers of machines, institutions, rows: none is longer than 32 bits."""
OptionalNumber = Annotated[int | None, Query(ge=0, le=0xFFFFFFFF), BeforeValidator(_empty_is_none)]
OptionalDay = Annotated[date | None, Query(), BeforeValidator(_empty_is_none)]


def _days(days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = 30) -> int:
    return days


def _offset(offset: Annotated[int, Query(ge=0, le=OFFSET_MAX)] = 0) -> int:
    return offset


DaysDep = Annotated[int, Depends(_days)]
OffsetDep = Annotated[int, Depends(_offset)]


def day_choices(desk: Desk, path: str, **query: object) -> list[Choice]:
    plural = desk.words.ngettext
    return [
        Choice(
            plural("%(num)s day", "%(num)s days", days) % {"num": days}, str(days), address(path, days=days, **query)
        )
        for days in DAY_CHOICES
    ]


def institution_choices(desk: Desk) -> list[Choice]:
    rows = places.institutions(desk.session, desk.viewer.institution_ids)
    return [Choice(desk.words.gettext("All"), ""), *(Choice(row.name, str(row.code)) for row in rows)]


def machine_choices(desk: Desk) -> list[Choice]:
    rows = places.machines(desk.session, desk.viewer.institution_ids, desk.now)
    named = sorted((row for row in rows if row.role == "swipe"), key=lambda row: (row.name, row.id))
    return [Choice(desk.words.gettext("All"), ""), *(Choice(f"{row.name} ({row.id})", str(row.id)) for row in named)]


def pager(path: str, offset: int, found: int, **query: object) -> Pager:
    """Links to the rows before and after these; `found` counts one row more than a page holds when there are more."""
    return Pager(
        before=address(path, **query, offset=max(offset - ROWS_A_PAGE, 0) or None) if offset else "",
        after=address(path, **query, offset=offset + ROWS_A_PAGE) if found > ROWS_A_PAGE else "",
    )
