"""Whose request is begun next: the event loop's time, shared out by client.

Beginning a request costs the event loop most: its head is parsed, its way through the application begins. asyncio does
that in the order in which bytes come, so that one health check would wait for a thousand heads before it. Here clients
take turns, a few in each turn of the loop; and a client from whom nothing came lately goes before those that always
have something waiting (what routers call sparse flows: RFC 8290, 4.2).
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable

TURN_S = 0.001
"""After this the loop goes on with other things."""

Work = Callable[[], None]


class Turns:
    """Requests that have come and are not begun."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: dict[str, deque[Work]] = {}
        self._fresh: OrderedDict[str, None] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._turn_comes = False

    @property
    def waiting(self) -> int:
        """How many clients wait."""
        return len(self._waiting)

    def wait(self, client: str, work: Work) -> None:
        """Do it when it is this client's turn."""
        self._waiting.setdefault(client, deque()).append(work)
        if client not in self._known:
            self._fresh[client] = None
        if not self._turn_comes:
            self._turn_comes = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        end_s = time.monotonic() + TURN_S
        try:
            while self._one() and time.monotonic() < end_s:
                pass
        finally:  # whatever one client's work ends in, it is the next one's turn
            self._turn_comes = bool(self._waiting)
            if self._turn_comes:
                self._loop.call_soon(self._turn)

    def _one(self) -> bool:
        """The next client's oldest request; False when none is left."""
        while self._fresh or self._known:
            client, _ = (self._fresh or self._known).popitem(last=False)
            works = self._waiting.get(client)
            if works is None:
                continue  # nothing came since its last turn: it is forgotten, and fresh when it comes again
            self._known[client] = None  # at the end
            work = works.popleft()
            if not works:
                del self._waiting[client]
            work()
            return True
        return False
