"""The porter and the real server: a health check waits for nothing that the server does, and nobody is left alone."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backoffice.health.schemas import HealthRead
from backoffice.serving.door import Door
from backoffice.serving.lodge import TOLD_IN_VAIN, Lodge
from backoffice.serving.notice import SILENT_MAX_S
from backoffice.supervision import WorkerState
from backoffice.tls import certificates
from tests.host.backoffice.serving.conftest import Office
from tests.host.backoffice.serving.wire import PATIENCE_S, Wire
from tools.demo.server import Server


def lodge(office: Office) -> Lodge:
    (door,) = office.server.servers
    assert isinstance(door, Door)
    return door.lodge


def is_answered_at_the_door(office: Office) -> bool:
    """The server would have left the connection open."""
    with office.wire() as wire:
        return wire.ask("/health").answer().headers.get("connection") == "close"


def until(so: Callable[[], bool]) -> None:
    """Ask again and again; a server that never comes to it ends the test."""
    end_s = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < end_s


def ask_until_answered_at_the_door(office: Office) -> None:
    until(lambda: is_answered_at_the_door(office))


def porter_worker(office: Office) -> WorkerState:
    return next(state for state in office.context.workers.states() if state.name == "porter")


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

        def is_said() -> bool:
            with office.wire() as wire:
                found = HealthRead.model_validate_json(wire.ask("/health").answer().body)
            return (found.status, found.workers["connections"]) == ("unwell", "unwell")

        until(is_said)


def test_another_porter_is_engaged_when_one_ends(office: Office) -> None:
    first = lodge(office).pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    with office.wire() as wire:  # it waits where clients connect until somebody takes it in
        assert wire.ask("/login").answer().status == 200
    assert lodge(office).pid not in (None, first)
    ask_until_answered_at_the_door(office)


def test_a_porter_that_cannot_live_is_said_and_tried_less_and_less(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.wait_until(lambda: porter_worker(office).well)
    first = lodge(office).pid
    assert first is not None
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/bin/false")
        os.kill(first, signal.SIGKILL)
        office.wait_until(lambda: porter_worker(office).failures >= 4)
        office.on_loop(lambda: office.server.look(office.loop.time()))
        assert not porter_worker(office).well
        assert office.context.workers.add("porter").pause_s >= 2
    with office.wire() as wire:
        assert wire.ask("/login").answer().status == 200
    office.wait_until(lambda: porter_worker(office).well)


def test_a_porter_that_hangs_is_replaced(office: Office) -> None:
    ask_until_answered_at_the_door(office)
    first = lodge(office).pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)

    def is_replaced() -> bool:
        for _ in range(TOLD_IN_VAIN):
            lodge(office).tell(b"200 OK\n{}")
        office.on_loop(lodge(office)._look_after)
        return lodge(office).pid != first

    until(is_replaced)
    with office.wire() as wire:
        assert wire.ask("/login").answer().status == 200


def test_a_porter_that_is_only_not_listened_to_stays(office: Office) -> None:
    """The event loop stood still, and looks after the porter before it has done anything else."""
    ask_until_answered_at_the_door(office)
    first = lodge(office).pid
    with standing_still(office):
        for _ in range(TOLD_IN_VAIN):
            lodge(office).tell(b"200 OK\n{}")
        office.loop.call_soon_threadsafe(lambda: office.loop.call_later(0, lodge(office)._look_after))
    ask_until_answered_at_the_door(office)
    assert lodge(office).pid == first


def test_what_lies_in_the_folder_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "backoffice").mkdir()
    for name in ("backoffice/__init__.py", "socket.py", "errno.py"):
        (tmp_path / name).write_text("raise SystemExit('run!')")
    command = Path(sys.executable).with_name("perscan")
    settings = {"PERSCAN_DATABASE_URL": f"sqlite:///{tmp_path}/db", "PERSCAN_KEYRING_PATH": f"{tmp_path}/keyring"}
    with subprocess.Popen(
        [command, "serve", "--port", "0"], cwd=tmp_path, env=os.environ | settings, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            said = server.stdout.readline()
            with Wire(int(said.rsplit(":", 1)[1])) as wire:
                assert wire.ask("/login").answer().status == 200
        finally:
            server.terminate()


def test_health_is_answered_in_the_clear_beside_tls_and_nothing_else_is(tmp_path: Path) -> None:
    certificates.make(tmp_path / "tls", ["localhost"])
    settings = {
        "PERSCAN_TLS_CERTIFICATE": str(tmp_path / "tls/server.pem"),
        "PERSCAN_TLS_KEY": str(tmp_path / "tls/server.key"),
    }
    with Server(tmp_path, settings) as server:
        port = int(server.url.rsplit(":", 1)[1])

        def is_answered() -> bool:
            with Wire(port) as wire:
                return not wire.ask("/health").is_closed()  # closed while nothing is written down: TLS was expected

        until(is_answered)
        with Wire(port) as wire:
            assert wire.ask("/health").answer().status == 200
        with Wire(port) as wire:
            assert wire.ask("/login").is_closed()


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
