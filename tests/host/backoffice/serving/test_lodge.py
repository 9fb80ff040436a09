"""The porter and the real server: a health check waits for nothing that the server does, and nobody is left alone."""

import os
import select
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backoffice.health.schemas import HealthRead
from backoffice.serving.door import Door
from backoffice.serving.lodge import Lodge
from backoffice.serving.notice import SILENT_MAX_S
from tests.host.backoffice.serving.conftest import Office
from tests.host.backoffice.serving.wire import PATIENCE_S
from tools.demo.server import Server


def lodge(office: Office) -> Lodge:
    (door,) = office.server.servers
    assert isinstance(door, Door)
    return door.lodge


def is_answered_at_the_door(office: Office) -> bool:
    """The server would have left the connection open."""
    with office.wire() as wire:
        return wire.ask("/health").answer().headers.get("connection") == "close"


def ask_until_answered_at_the_door(office: Office) -> None:
    while not is_answered_at_the_door(office):
        pass


@contextmanager
def standing_still(office: Office) -> Iterator[None]:
    """The server's event loop does nothing meanwhile."""
    standing, go_on = threading.Event(), threading.Event()

    def stand_still() -> None:
        standing.set()
        go_on.wait(PATIENCE_S)

    office.loop.call_soon_threadsafe(stand_still)
    assert standing.wait(PATIENCE_S)
    try:
        yield
    finally:
        go_on.set()


def test_health_is_answered_while_the_event_loop_stands_still(office: Office) -> None:
    ask_until_answered_at_the_door(office)
    with standing_still(office), office.wire("127.0.0.2") as page, office.wire() as wire:
        page.ask("/login")
        answer = wire.ask("/health").answer()
    assert answer.status == 200
    assert HealthRead.model_validate_json(answer.body).status == "well"


def test_the_door_and_the_server_say_the_same(office: Office) -> None:
    ask_until_answered_at_the_door(office)
    with office.wire() as at_the_door, office.wire() as inside:
        outside = at_the_door.ask("/health").answer()
        inside.ask("/login").answer()
        within = inside.ask("/health").answer()
    assert (within.status, within.body) == (outside.status, outside.body)
    assert "connection" not in within.headers


def test_an_event_loop_that_hangs_is_said(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """After half a minute, which the test does not wait for: it turns the worker's clock."""
    ask_until_answered_at_the_door(office)
    worker = office.context.workers.add("connections")
    now_s = worker._elapsed_s()
    with standing_still(office):
        monkeypatch.setattr(worker, "_elapsed_s", lambda: now_s + 2 * SILENT_MAX_S)
        found = "well"
        while found == "well":
            with office.wire() as wire:
                found = HealthRead.model_validate_json(wire.ask("/health").answer().body).workers["connections"]


def test_another_porter_is_engaged_when_one_ends(office: Office) -> None:
    first = lodge(office).pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    with office.wire() as wire:  # it waits where clients connect until somebody takes it in
        assert wire.ask("/login").answer().status == 200
    assert lodge(office).pid not in (None, first)
    ask_until_answered_at_the_door(office)


def test_a_porter_ends_with_its_server_however_that_ends(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), PATIENCE_S) as asking:
            asking.sendall(b"GET /login HTTP/1.1\r\nhost: x\r\n\r\n")
            assert asking.recv(5) == b"HTTP/"
        (porter,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        ending = select.poll()
        descriptor = os.pidfd_open(int(porter))
        ending.register(descriptor, select.POLLIN)
        os.kill(int(porter), signal.SIGTERM)  # as a service manager asks all of a service to end
        assert os.getsid(int(porter)) != os.getsid(server.pid)  # so that Ctrl-C in a terminal does not reach it
        assert not ending.poll(0)
        server.kill()
        assert ending.poll(PATIENCE_S * 1000)
        os.close(descriptor)
