"""Devices for tests of the client."""

from collections.abc import Callable, Iterator

import pytest

from tests.host.client.line_server import Handler, LineServer

Serve = Callable[..., LineServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Makes a device: handlers by method, dots written as underscores."""
    made: list[LineServer] = []

    def make(**handlers: Handler) -> LineServer:
        server = LineServer({name.replace("__", "."): handler for name, handler in handlers.items()})
        made.append(server)
        return server

    yield make
    for server in made:
        server.close()
