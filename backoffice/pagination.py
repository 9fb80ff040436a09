"""Bounded pages: no list of the back office is ever answered whole."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

PAGE_ITEMS_DEFAULT = 50
PAGE_ITEMS_MAX = 500
OFFSET_MAX = 1_000_000

Item = TypeVar("Item")
Row = TypeVar("Row")


class PageRequest(BaseModel):
    """Which part of a list is wanted."""

    limit: int = PAGE_ITEMS_DEFAULT
    offset: int = 0


class Page(BaseModel, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    limit: int
    offset: int
    more: bool
    """True when there are items after these."""


def page_request(
    limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_DEFAULT,
    offset: Annotated[int, Query(ge=0, le=OFFSET_MAX)] = 0,
) -> PageRequest:
    """The page that the query string asks for."""
    return PageRequest(limit=limit, offset=offset)


PageDep = Annotated[PageRequest, Depends(page_request)]


def make_page(rows: Sequence[Row], page: PageRequest, read: Callable[[Row], Item]) -> Page[Item]:
    """A page of what a repository found; it looked for one row more than the limit, to know whether there is more."""
    items = [read(row) for row in rows[: page.limit]]
    return Page[Item](items=items, limit=page.limit, offset=page.offset, more=len(rows) > page.limit)
