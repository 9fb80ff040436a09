"""Bounded pages: no list of the back office is ever answered whole.

A list that grows at its head while somebody reads it is paged by a *cursor*: the place after which the next page
begins, as the values by which the list is sorted. What arrives meanwhile moves nothing, so that no row comes twice and
none is left out. An offset cannot do that; it is for lists that a person changes now and then.
"""

import heapq
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from backoffice.errors import InvalidCursor, OffsetRetired

PAGE_ITEMS_DEFAULT = 50
PAGE_ITEMS_MAX = 500
OFFSET_MAX = 1_000_000
CURSOR_MAX_CHARS = 64
CURSOR_NUMBER_MAX = 2**63 - 1
_CURSOR = re.compile(r"\d{1,19}(-\d{1,19})*", re.ASCII)

Item = TypeVar("Item")
Row = TypeVar("Row")
Cursor = tuple[int, ...]
"""A place in a list: what the row before it is sorted by."""


class PageRequest(BaseModel):
    """Which part of a list is wanted."""

    limit: int = PAGE_ITEMS_DEFAULT
    offset: int = 0


class CursorRequest(BaseModel):
    """Which part of a list that is paged by a cursor is wanted."""

    limit: int = PAGE_ITEMS_DEFAULT
    cursor: str | None = None

    def after(self, parts: int) -> Cursor | None:
        """The place after which the page begins; None: at the list's head."""
        return None if self.cursor is None else read_cursor(self.cursor, parts)


class Page(BaseModel, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    limit: int
    offset: int
    more: bool
    """True when there are items after these."""
    next: str | None = None
    """The cursor of the next page, where the list is paged by cursors and there are more items."""


def page_request(
    limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_DEFAULT,
    offset: Annotated[int, Query(ge=0, le=OFFSET_MAX)] = 0,
) -> PageRequest:
    """The page that the query string asks for."""
    return PageRequest(limit=limit, offset=offset)


def cursor_request(
    limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_MAX_CHARS)] = None,
    offset: Annotated[int, Query(ge=0, le=OFFSET_MAX, deprecated=True)] = 0,
) -> CursorRequest:
    """The page after a cursor. An offset is refused, not misunderstood."""
    if offset:
        raise OffsetRetired()
    return CursorRequest(limit=limit, cursor=cursor)


PageDep = Annotated[PageRequest, Depends(page_request)]
CursorDep = Annotated[CursorRequest, Depends(cursor_request)]


def cursor_text(cursor: Cursor) -> str:
    """A cursor as it stands in an address."""
    return "-".join(str(number) for number in cursor)


def read_cursor(text: str, parts: int) -> Cursor:
    """The cursor that an address names, of so many numbers; raises InvalidCursor."""
    if len(text) > CURSOR_MAX_CHARS or not _CURSOR.fullmatch(text):
        raise InvalidCursor()
    cursor = tuple(int(number) for number in text.split("-"))
    if len(cursor) != parts or max(cursor) > CURSOR_NUMBER_MAX:
        raise InvalidCursor()
    return cursor


def merged(
    lists: Iterable[Sequence[Row]], place: Callable[[Row], Cursor], limit: int, *, rising: bool = False
) -> list[Row]:
    """The first rows of several lists in one order, each of which is in that order itself: latest first, or rising."""
    return list(heapq.merge(*lists, key=place, reverse=not rising))[:limit]


def make_page(rows: Sequence[Row], page: PageRequest, read: Callable[[Row], Item]) -> Page[Item]:
    """A page of what a repository found; it looked for one row more than the limit, to know whether there is more."""
    items = [read(row) for row in rows[: page.limit]]
    return Page[Item](items=items, limit=page.limit, offset=page.offset, more=len(rows) > page.limit)


def make_cursor_page(
    rows: Sequence[Row], page: CursorRequest, read: Callable[[Row], Item], place: Callable[[Row], Cursor]
) -> Page[Item]:
    """The same for a list with cursors. ``place`` tells a row's own."""
    shown, more = rows[: page.limit], len(rows) > page.limit
    following = cursor_text(place(shown[-1])) if more else None
    return Page[Item](items=[read(row) for row in shown], limit=page.limit, offset=0, more=more, next=following)
