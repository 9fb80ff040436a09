"""Who waits, by client: clients take turns, and where there is no room the client with most of them gives way."""

from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

One = TypeVar("One", bound=Hashable)


class Crowd(Generic[One]):
    """Of each client the oldest comes first. Whatever is asked takes the same time, however many wait."""

    def __init__(self) -> None:
        self._by_client: OrderedDict[str, OrderedDict[One, None]] = OrderedDict()
        self._client_of: dict[One, str] = {}
        self._by_count: defaultdict[int, OrderedDict[str, None]] = defaultdict(OrderedDict)
        """Clients by how many of theirs wait, in the order in which they came to that number."""
        self._most = 0

    def __len__(self) -> int:
        return len(self._client_of)

    def __iter__(self) -> Iterator[One]:
        return iter(self._client_of)

    def add(self, client: str, one: One) -> None:
        """Behind the others of this client."""
        of_client = self._by_client.setdefault(client, OrderedDict())
        of_client[one] = None
        self._client_of[one] = client
        self._recount(client, len(of_client) - 1, len(of_client))

    def remove(self, one: One) -> str:
        """It waits no more. Whose it was. Raises KeyError."""
        client = self._client_of.pop(one)
        of_client = self._by_client[client]
        del of_client[one]
        if not of_client:
            del self._by_client[client]
        self._recount(client, len(of_client) + 1, len(of_client))
        return client

    def next(self) -> One | None:
        """Whose turn it is; None when nobody is there."""
        client = next(iter(self._by_client), None)
        return None if client is None else next(iter(self._by_client[client]))

    def turn_over(self, one: One) -> None:
        """It had its turn: its client's next one waits for those of all the others."""
        client = self.remove(one)
        if client in self._by_client:
            self._by_client.move_to_end(client)

    def oldest_of_most(self) -> One | None:
        """Of the client that has most, and of equals the one that had so many first: its oldest."""
        client = next(iter(self._by_count[self._most]), None)
        return None if client is None else next(iter(self._by_client[client]))

    def newest_of_most(self) -> One | None:
        """Of the client that has most, and of equals the one that came to so many last: its newest."""
        client = next(reversed(self._by_count[self._most]), None)
        return None if client is None else next(reversed(self._by_client[client]))

    def _recount(self, client: str, before: int, now: int) -> None:
        self._by_count[before].pop(client, None)
        if now:
            self._by_count[now][client] = None
        if not self._by_count[before]:
            del self._by_count[before]
        if now > self._most or (before == self._most and before not in self._by_count):
            self._most = now
