"""Who is connected, and who gives way when the house is full.

There is no limit for one address: many machines may stand behind one. But when no more connections fit, the client with
the most of them gives up its oldest one on which nothing of ours is under way: half a request, or an idle one. So
whoever opens a thousand connections loses connections, and a newcomer finds a place.

Whoever has many addresses can have fewer connections on each than a phone carrier, who hides many machines behind one.
So a client from whom something genuine came that was new to us (a report, which nobody else can seal or send first) is
honoured for a day: its first connections weigh nothing, as many as a carrier's machines may have. Those beyond weigh
like anybody's, so that whoever shares an address with a machine gains an allowance by it and no more.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice

LOOKED_AT = 64
"""So many of a client's oldest connections are looked at for one that may go,"""
CLIENTS_LOOKED_AT = 8
"""and so many of the clients who have most."""
HONOURED_MAX = 4096
HONOURED_FOR_S = 86400
"""A machine reports more often."""
HONOURED_CONNECTIONS = 100
"""So many connections of an honoured client weigh nothing."""


@dataclass(eq=False)
class Guest:
    """One connection."""

    client: str
    may_go: Callable[[], bool]
    send_away: Callable[[], None]


class House:
    """All connections."""

    def __init__(self, room: int, clock_s: Callable[[], float] = time.monotonic) -> None:
        self.room = room
        self._clock_s = clock_s
        self.guests = 0
        self._by_client: dict[str, OrderedDict[Guest, None]] = {}
        self._honoured_until_s: OrderedDict[str, float] = OrderedDict()

    def take_in(self, guest: Guest) -> bool:
        """Give a newcomer a place; False when there is none and nobody can give way."""
        if self.guests >= self.room:
            leaving = self._who_gives_way()
            if leaving is None:
                return False
            self.let_out(leaving)
            leaving.send_away()
        self._by_client.setdefault(guest.client, OrderedDict())[guest] = None
        self.guests += 1
        return True

    def let_out(self, guest: Guest) -> None:
        """The connection is over; nothing happens when it was sent away before."""
        of_client = self._by_client.get(guest.client, OrderedDict())
        if guest in of_client:
            del of_client[guest]
            self.guests -= 1
            if not of_client:
                del self._by_client[guest.client]

    def honour(self, client: str) -> None:
        """Something genuine and new came from there."""
        self._honoured_until_s[client] = self._clock_s() + HONOURED_FOR_S
        self._honoured_until_s.move_to_end(client)
        if len(self._honoured_until_s) > HONOURED_MAX:
            self._honoured_until_s.popitem(last=False)

    def of(self, client: str) -> int:
        """How many connections a client has."""
        return len(self._by_client.get(client, ()))

    def _who_gives_way(self) -> Guest | None:
        most = nlargest(CLIENTS_LOOKED_AT, self._by_client, key=self._weight)
        oldest = (guest for client in most for guest in islice(self._by_client[client], LOOKED_AT))
        return next((guest for guest in oldest if guest.may_go()), None)

    def _weight(self, client: str) -> int:
        honoured = self._honoured_until_s.get(client, 0) > self._clock_s()
        return max(self.of(client) - HONOURED_CONNECTIONS, 0) if honoured else self.of(client)
