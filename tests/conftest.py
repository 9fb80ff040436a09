"""Every test: sockets reach this machine's loopback and nothing else. And at the end: what tests measured."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

LOOPBACK = ("127.", "::1", "localhost")


class NotLoopback(AssertionError):
    """A test tried to reach another machine."""


def _check(address: Any) -> None:
    if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
        raise NotLoopback(f"tests talk to loopback only, not to {address[0]}")


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Guards connect, connect_ex and bind of every socket that this process makes."""
    guarded = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "bind")}

    def guard(name: str) -> Any:
        def checked(self: socket.socket, address: Any) -> Any:
            _check(address)
            return guarded[name](self, address)

        return checked

    patch = pytest.MonkeyPatch()
    for name in guarded:
        patch.setattr(socket.socket, name, guard(name))
    yield
    patch.undo()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Everything that a test recorded as "measured", whichever process it ran in."""
    for report in terminalreporter.getreports("passed"):
        for name, words in report.user_properties:
            if name == "measured":
                terminalreporter.write_line(str(words))
