"""Long-running work: each piece is killed by what nobody foresaw, is told of, counted and shown, and goes on.

And nothing long-running is started anywhere else: read from the source.
"""

import ast
import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import serial
from fastapi import FastAPI
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from backoffice import supervision
from backoffice.accounts.roles import Role
from backoffice.app import create_app
from backoffice.authority.secret import Secret
from backoffice.authority.session import AuthorityRoom
from backoffice.context import Context
from backoffice.errors import BackOfficeError
from backoffice.events.broker import Broker, Event
from backoffice.settings import Settings
from backoffice.sms import modem
from backoffice.sms.secret import SmsSecrets
from backoffice.supervision import Worker
from tests.host.backoffice.machines import Machine, add_institution, add_machine
from tests.host.backoffice.support import NOW, log_in, make_user

ROOT = Path(__file__).parents[3]
WAIT_S = 30.0
Seen = list[MutableMapping[str, Any]]


class TreacherousClock:
    """A clock that fails once, for one who asks: the back office's clock is given to it, so this is no patch."""

    def __init__(self) -> None:
        self._victim = ""
        self._error: BaseException = RuntimeError("nobody thought of this")
        self.fell = threading.Event()
        self.went_on = threading.Event()

    def betray(self, victim: str, error: BaseException | None = None) -> None:
        """The next who asks on behalf of that function gets an error instead of the time."""
        self._error = error or self._error
        self._victim = victim

    def __call__(self) -> int:
        if self._victim and asks_from(self._victim):
            if not self.fell.is_set():
                self.fell.set()
                raise self._error
            self.went_on.set()
        return NOW


def asks_from(function: str) -> bool:
    """Whether this function, ``module:name``, is among the callers."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if f"{frame.f_globals.get('__name__')}:{frame.f_code.co_name}" == function:
            return True
        frame = frame.f_back
    return False


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests run in real time."""
    monkeypatch.setattr(supervision, "PAUSE_FIRST_S", 0.01)
    monkeypatch.setattr(supervision, "PAUSE_MAX_S", 0.02)
    monkeypatch.setattr("backoffice.alerts.watch.ROUND_INTERVAL_S", 0.01)
    monkeypatch.setattr("backoffice.sms.worker.PAUSE_S", 0.01)
    monkeypatch.setattr(modem, "REOPEN_S", 0.01)


@pytest.fixture
def treacherous() -> TreacherousClock:
    return TreacherousClock()


@pytest.fixture
def chosen(settings: Settings) -> Settings:
    """With a modem that is not there."""
    path = settings.keyring_path.with_name("sms.json")
    SmsSecrets.fresh().write(path)
    wanted = {"sms_platform": "modem", "sms_secret_path": path, "sms_modem_port": "treacherous://"}
    return settings.model_copy(update=wanted)


@pytest.fixture
def office(chosen: Settings, treacherous: TreacherousClock) -> FastAPI:
    return create_app(chosen, treacherous)


@contextmanager
def running(app: FastAPI) -> Iterator[tuple[TestClient, Seen]]:
    with capture_logs() as said, TestClient(app) as client:
        yield client, said


def falls(said: Seen, work: str) -> list[object]:
    """Told, and counted."""
    return [event["failures"] for event in said if event["event"] == "work_failed" and event["work"] == work]


def wait_until(done: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(WAIT_S / 0.01)):
        if done():
            return
        pause.wait(0.01)
    raise AssertionError("it never came to that")


@pytest.mark.parametrize(
    ("victim", "work"),
    [
        ("backoffice.alerts.watch:look", "watch"),
        ("backoffice.sms.worker:_look", "sms"),
    ],
)
def test_rounds_go_on(office: FastAPI, treacherous: TreacherousClock, victim: str, work: str) -> None:
    with running(office) as (client, said):
        treacherous.betray(victim)
        assert treacherous.went_on.wait(WAIT_S)
        wait_until(lambda: client.get("/health").json()["workers"][work] == "well")
        assert falls(said, work) == [1]
        assert treacherous.fell.is_set()


def test_the_writer_goes_on_and_nobody_waits_for_what_it_had_in_hand(
    office: FastAPI, treacherous: TreacherousClock
) -> None:
    context: Context = office.state.context
    machine = add_machine(context, Machine(), add_institution(context))
    machine.exam(500)
    report = machine.report()
    with running(office) as (client, said):
        treacherous.betray("backoffice.ingest.writer:_commit", SystemExit())
        with pytest.raises(BackOfficeError):
            asyncio.run(context.ingest.take(report))
        answer = client.get("/health")
        assert (answer.status_code, answer.json()["workers"]["ingest-writer"]) == (503, "unwell")
        assert asyncio.run(context.ingest.take(report))
        assert falls(said, "ingest-writer") == [1]
        wait_until(lambda: client.get("/health").json()["workers"]["ingest-writer"] == "well")  # the round ends after


def test_the_modems_thread_goes_on(office: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its port raises is the port's trouble; what its inbox raises is nobody's plan."""
    context: Context = office.state.context
    opened = threading.Event()
    asked: list[str] = []

    def open_port(url: str, **_settings: object) -> object:
        asked.append(url)
        opened.set()
        raise KeyError("a back end of pyserial with a fault of its own")

    monkeypatch.setattr(serial, "serial_for_url", open_port)
    assert context.sms.platform is not None
    fell = threading.Event()

    def trouble(_subject: str, _message: str) -> None:
        if not fell.is_set():
            fell.set()
            raise ZeroDivisionError

    monkeypatch.setattr(context.sms, "trouble", trouble)
    with running(office) as (client, said):
        assert fell.wait(WAIT_S)
        so_far = len(asked)
        wait_until(lambda: len(asked) > so_far + 2)
        assert falls(said, "sms-modem") == [1]
        wait_until(lambda: client.get("/health").json()["workers"]["sms-modem"] == "well")


def test_a_desk_goes_on(office: FastAPI) -> None:
    workshop = office.state.workshop
    listener = socket.create_server(("127.0.0.1", 0))
    url = "socket://{}:{}".format(*listener.getsockname())
    station = workshop.stations.at(7, url)

    def fault(_issuer: object) -> None:
        raise ZeroDivisionError

    with running(office) as (client, said):
        with pytest.raises(ZeroDivisionError):
            station.start("somebody", fault).result(WAIT_S)
        assert client.get("/health").json()["workers"]["stations"] == "unwell"
        assert station.start("somebody else", lambda _issuer: 5).result(WAIT_S) == 5
        assert falls(said, "stations") == [1]
        assert client.get("/health").json()["workers"]["stations"] == "well"
    listener.close()


def test_the_end_of_the_authoritys_session_is_told_of_if_it_fails(office: FastAPI) -> None:
    context: Context = office.state.context
    room = AuthorityRoom(context.clock, context.workers.add("authority"), lifetime_s=0)
    is_stubborn = True

    class Stubborn(Secret):
        def wipe(self) -> None:
            if is_stubborn:
                raise ZeroDivisionError

    with running(office) as (_client, said):
        room.open(1, b"key", Stubborn(b"s" * 32), 1)
        wait_until(lambda: falls(said, "authority") == [1])
        is_stubborn = False


def test_counts_are_for_administrators(office: FastAPI) -> None:
    context: Context = office.state.context
    make_user(context, "admin", Role.ADMINISTRATOR)
    with capture_logs():
        context.workers.add("watch").failed(KeyError("what nobody is to know"))
    shown = log_in(office, "admin").get("/api/v1/workers").json()
    assert {"name": "watch", "well": False, "failures": 1, "last_failure": "KeyError"} in shown
    answer = TestClient(office).get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "unwell")
    assert "KeyError" not in answer.text
    assert TestClient(office).get("/api/v1/workers").status_code == 401


def test_pauses_grow_to_a_bound_and_are_not_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    worker = Worker("x")
    with capture_logs():
        for expected_s in (0.5, 1, 2, 4, 8, 16, 32, 60, 60):
            worker.failed(ValueError())
            pauses = {worker.pause_s for _ in range(20)}
            assert len(pauses) > 1
            assert expected_s / 2 <= min(pauses) <= max(pauses) <= expected_s


def test_work_that_hangs_is_unwell() -> None:
    now_s = [1000.0]
    worker = Worker("x", silent_max_s=60, elapsed_s=lambda: now_s[0])
    with worker.round():
        pass
    now_s[0] += 59
    assert worker.state.well
    now_s[0] += 2
    assert not worker.state.well
    with worker.round():
        pass
    assert worker.state.well


def test_an_old_failure_of_work_that_has_nothing_to_do_is_forgiven() -> None:
    now_s = [1000.0]
    worker = Worker("x", elapsed_s=lambda: now_s[0])
    with capture_logs():
        worker.failed(ValueError())
    assert not worker.state.well
    now_s[0] += supervision.UNWELL_FOR_S + 1
    assert worker.state.well
    assert worker.state.failures == 1


def test_work_that_ends_by_itself_begins_again() -> None:
    worker, stop, times = Worker("x"), threading.Event(), []

    def work() -> None:
        times.append(1)
        if len(times) == 3:
            stop.set()

    with capture_logs():
        worker.start_thread(work, stop).join(WAIT_S)
    assert (len(times), worker.failures) == (3, 2)


def test_what_is_cancelled_from_elsewhere_is_no_order_to_stop() -> None:
    async def main() -> tuple[int, int]:
        worker, begun, again = Worker("x"), 0, asyncio.Event()

        async def work() -> None:
            nonlocal begun
            begun += 1
            if begun == 2:
                again.set()
                await asyncio.Event().wait()
            waited_for = asyncio.get_running_loop().create_future()
            waited_for.cancel()
            await waited_for

        task = worker.start_task(work)
        await asyncio.wait_for(again.wait(), WAIT_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        return begun, worker.failures

    with capture_logs():
        assert asyncio.run(main()) == (2, 1)


def test_what_has_to_be_done_is_insisted_on() -> None:
    """As the row of a job that ended unexpectedly while the database was away (backoffice/issuing/runner.py)."""
    worker, tries = Worker("x"), []

    def work() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError

    with capture_logs() as said:
        worker.insist(work)
    assert (len(tries), [event["failures"] for event in said]) == (3, [1, 2])
    with capture_logs():
        worker.insist(lambda: [].pop())
    assert worker.failures == 2 + supervision.INSIST_ATTEMPTS


def test_a_log_that_cannot_be_written_ends_nothing() -> None:
    class Unprintable(Exception):
        def __str__(self) -> str:
            raise OSError("standard error is closed")

    worker = Worker("x")
    worker.failed(Unprintable())
    assert worker.failures == 1


def test_a_listener_whose_loop_is_gone_is_no_trouble_of_who_publishes() -> None:
    """Else the ingest writer would tell a machine that its stored report was not."""
    broker = Broker()
    loop = asyncio.new_event_loop()

    async def listen() -> object:
        entered = broker.subscribe()
        await entered.__aenter__()
        return entered

    kept = loop.run_until_complete(listen())
    loop.close()
    broker.publish([Event("debit")])
    broker.hang_up()
    assert kept


# Nothing long-running is started anywhere else.

STARTERS = {
    "create_task",
    "ensure_future",
    "TaskGroup",
    "Thread",
    "Timer",
    "ThreadPoolExecutor",
    "ProcessPoolExecutor",
    "Process",
    "Popen",
    "start_new_thread",
    "run_in_executor",
    "add_done_callback",
    "call_soon",
    "call_soon_threadsafe",
    "call_later",
    "call_at",
    "add_reader",
}
AWAITED = {"to_thread"}
"""Fine where its result is awaited on the spot: then it is part of the work that awaits it."""
HOME = "backoffice/supervision.py"
EXCEPTIONS = {
    ("backoffice/issuing/runner.py", "add_done_callback"): "the job's row is settled there, by Worker.insist",
    ("backoffice/app.py", "ThreadPoolExecutor"): "the loop's own threads, for what is awaited (to_thread)",
    ("backoffice/admission/middleware.py", "ensure_future"): "ends with the request that waits beside it",
    ("backoffice/serving/turns.py", "call_soon"): "arms itself again, whatever a turn ends in",
    ("backoffice/serving/lodge.py", "Popen"): "the porter, which is engaged anew should it end",
    ("backoffice/serving/lodge.py", "add_reader"): "stays until it is removed; what fails inside is told",
    ("backoffice/serving/lodge.py", "call_later"): "arms itself again, or engages a porter; what fails inside is told",
    ("backoffice/serving/door.py", "create_task"): "ends with its connection, which then leaves the house",
    ("backoffice/serving/door.py", "add_done_callback"): "lets the connection out of the house",
    ("backoffice/sms/gateway.py", "call_soon_threadsafe"): "sets an event",
    ("backoffice/events/broker.py", "call_soon_threadsafe"): "puts an event in a bounded line that makes room",
    ("tools/demo/server.py", "Popen"): "the server itself, which has its log read and is ended",
    ("tools/uplinks/worker.py", "Process"): "its end without a word is told as a failed way",
    ("tools/uplinks/courier.py", "ThreadPoolExecutor"): "who hands over asks for the result",
    ("tools/uplinks/relay.py", "call_soon_threadsafe"): "stops the loop",
    ("tools/uplinks/relay.py", "create_task"): "awaited where it is started",
}
PARTS = ("backoffice", "client", "tools")
FOR_A_MEASUREMENT = ("tools/load/", "tools/mutants/")
"""What they start is awaited, and the whole of it ends with its verdict."""


def started(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of each call that starts something which runs on beside its caller."""
    awaited = {node.value for node in ast.walk(tree) if isinstance(node, ast.Await)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).split(".")[-1]
            if name in STARTERS or (name in AWAITED and node not in awaited):
                yield node.lineno, name


SOURCES = sorted(path for part in PARTS for path in (ROOT / part).rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_supervision_starts_long_running_work(path: Path) -> None:
    inside = path.relative_to(ROOT).as_posix()
    found = [(line, name) for line, name in started(ast.parse(path.read_text())) if (inside, name) not in EXCEPTIONS]
    assert inside == HOME or inside.startswith(FOR_A_MEASUREMENT) or found == []


@pytest.mark.parametrize(
    "line",
    [
        "asyncio.create_task(run())",
        "threading.Thread(target=run).start()",
        "Timer(5, run)",
        "loop.run_in_executor(None, run)",
        "loop.call_soon(run)",
        "loop.call_later(5, run)",
        "asyncio.to_thread(run)",
        "ThreadPoolExecutor(1)",
    ],
)
def test_the_lint_sees_what_runs_on_beside_its_caller(line: str) -> None:
    assert list(started(ast.parse(line)))


def test_the_lint_lets_through_what_is_awaited() -> None:
    assert not list(started(ast.parse("async def f():\n    return await asyncio.to_thread(run)")))
