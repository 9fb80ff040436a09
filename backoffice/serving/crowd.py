"""Who waits, by client: clients take turns, and where there is no room the client with most of them gives way."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

One = TypeVar("One", bound=Hashable)


class Crowd(Generic[One]):
    """Of each client the oldest comes first."""

    def __init__(self) -> None:
        self._by_client: OrderedDict[str, OrderedDict[One, None]] = OrderedDict()
        self._client_of: dict[One, str] = {}

    def __len__(self) -> int:
        return len(self._client_of)

    def __iter__(self) -> Iterator[One]:
        return iter(self._client_of)

    def add(self, client: str, one: One) -> None:
        """Behind the others of this client."""
        self._by_client.setdefault(client, OrderedDict())[one] = None
        self._client_of[one] = client

    def remove(self, one: One) -> str:
        """It waits no more. Whose it was. Raises KeyError."""
        client = self._client_of.pop(one)
        of_client = self._by_client[client]
        del of_client[one]
        if not of_client:
            del self._by_client[client]
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
        """Of the client that has most: its oldest."""
        return next(iter(self._most()), None)

    def newest_of_most(self) -> One | None:
        """Of the client that has most: its newest."""
        return next(reversed(self._most()), None)

    def _most(self) -> OrderedDict[One, None]:
        return max(self._by_client.values(), key=len, default=OrderedDict())
