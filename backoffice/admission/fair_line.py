"""Slots for one class of routes, and a line before them that is fair by client.

Clients take turns: of one that sent five hundred requests, and one that sent a single one, the latter waits for one
turn at most. No client gets the last slots, so that long work of one leaves room for the others. The line is bounded;
when it is full, whoever has most in it gives way: the newest of theirs is refused, not the newcomer.

Everything happens in the event loop, between two awaits: no lock is needed.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass

from backoffice.errors import BackOfficeError, Crowded, Unavailable

RESERVED_PART = 4
"""One slot in so many (at least one) is out of reach for a client that holds all the others."""


@dataclass(frozen=True)
class Bounds:
    """How much one class of routes may take."""

    slots: int
    waiting: int
    wait_s: float

    @property
    def slots_of_a_client(self) -> int:
        return max(self.slots - max(self.slots // RESERVED_PART, 1), 1)


class FairLine:
    """Who is inside, and who waits. Each ``join`` that succeeded ends with one ``leave``."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.waiting = 0
        self._inside: Counter[str] = Counter()
        self._lines: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def inside(self) -> int:
        """Slots that are taken."""
        return self._inside.total()

    def join(self, client: str) -> "asyncio.Future[None] | None":
        """Take a slot (None), or a place in line: a future that is done when the slot is there.

        Raises Crowded when the client has filled the line itself, Unavailable when others have; the future may end with
        either too.
        """
        if self._fits(client):
            self._inside[client] += 1
            return None
        if self.waiting >= self.bounds.waiting:
            self._make_room_for(client)
        place = asyncio.get_running_loop().create_future()
        self._lines.setdefault(client, deque()).append(place)
        self.waiting += 1
        return place

    def leave(self, client: str) -> None:
        """Give the slot back; the next client's oldest request takes it."""
        self._inside[client] -= 1
        if not self._inside[client]:
            del self._inside[client]
        for waiting in self._lines:
            if self._fits(waiting):
                self._let_in(waiting)
                return

    def give_up(self, client: str, place: "asyncio.Future[None]") -> None:
        """Leave the line, or the slot that came at this very moment."""
        if place.done():
            if not place.cancelled() and place.exception() is None:
                self.leave(client)
            return
        self._lines[client].remove(place)
        self._taken_out_of(client)

    def _fits(self, client: str) -> bool:
        return self.inside < self.bounds.slots and self._inside[client] < self.bounds.slots_of_a_client

    def _let_in(self, client: str) -> None:
        self._inside[client] += 1
        self._lines[client].popleft().set_result(None)
        self._lines.move_to_end(client)  # it is the others' turn
        self._taken_out_of(client)

    def _taken_out_of(self, client: str) -> None:
        self.waiting -= 1
        if not self._lines[client]:
            del self._lines[client]

    def _make_room_for(self, client: str) -> None:
        longest = max(self._lines, key=lambda name: len(self._lines[name]))
        if len(self._lines[longest]) <= len(self._lines.get(client, ())) + 1:
            raise _refusal(longest == client or client in self._lines)
        self._lines[longest].pop().set_exception(Crowded())
        self._taken_out_of(longest)


def _refusal(own_doing: bool) -> BackOfficeError:
    return Crowded() if own_doing else Unavailable()
