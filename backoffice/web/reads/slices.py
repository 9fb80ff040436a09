"""A part of a list that is paged by a cursor, as pages show it: the rows, and where the rest of the list is.

A list is found by its keys first, each *stream* of them in the order of an index, as short as a page; its rows are then
found by their ids. Several streams (the institutions of an agent, the states of which a filter leaves more than one)
are merged: the database sorts nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import select, tuple_
from sqlmodel import Session

from backoffice.pagination import Cursor, merged

Row = TypeVar("Row")
Conditions = Sequence[Any]


@dataclass(frozen=True)
class Slice(Generic[Row]):
    """Rows, latest first."""

    rows: Sequence[Row]
    newer_than: Cursor | None = None
    """There are newer ones beyond this place; None: these are the newest."""
    older_than: Cursor | None = None
    """There are older ones beyond this place; None: these are the oldest."""

    def showing(self, show: Callable[[Sequence[Row]], Sequence[Any]]) -> "Slice[Any]":
        """The same part of the list, its rows made into something else."""
        return Slice(show(self.rows), self.newer_than, self.older_than)


@dataclass(frozen=True)
class Order:
    """What a list is sorted by, from the most telling column to the one that no two rows share."""

    columns: tuple[Any, ...]

    def keys(
        self, session: Session, streams: Sequence[Conditions], limit: int, *, below: Cursor | None, above: Cursor | None
    ) -> list[Cursor]:
        """Places in the list, latest first; with ``above`` those that follow it, nearest first."""
        rising = above is not None
        query = select(*self.columns).limit(limit)
        query = query.order_by(*self.columns) if rising else query.order_by(*(one.desc() for one in self.columns))
        if below is not None:
            query = query.where(tuple_(*self.columns) < below)
        if above is not None:
            query = query.where(tuple_(*self.columns) > above)
        found = ([tuple(row) for row in session.execute(query.where(*stream))] for stream in streams)
        return merged(found, lambda place: place, limit, rising=rising)

    def slice_of(
        self,
        session: Session,
        streams: Sequence[Conditions],
        limit: int,
        older_than: Cursor | None = None,
        newer_than: Cursor | None = None,
    ) -> Slice[Cursor]:
        """The newest places of a list, or those on one side of a place."""
        if newer_than is not None:
            nearest = self.keys(session, streams, limit + 1, below=None, above=newer_than)
            if len(nearest) > limit:
                found = nearest[:limit][::-1]
                return Slice(found, newer_than=found[0], older_than=found[-1])
        found = self.keys(session, streams, limit + 1, below=older_than, above=None)
        shown = found[:limit]
        return Slice(
            shown,
            newer_than=shown[0] if older_than is not None and shown else None,
            older_than=shown[-1] if len(found) > limit else None,
        )
