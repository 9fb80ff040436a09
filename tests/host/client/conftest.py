"""Devices for tests of the client."""

from collections.abc import Callable, Iterator

import pytest

from tests.host.client.line_server import Handler, LineServer

Serve = Callable[..., LineServer]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever language the person speaks who runs the tests."""
    monkeypatch.setenv("LC_ALL", "C")


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
