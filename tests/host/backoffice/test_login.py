"""Guessing of passwords is slowed down, nobody is locked out by a stranger, and no hash holds anything up."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from structlog.testing import capture_logs

from backoffice.accounts import service
from backoffice.accounts.caller import COOKIE, LOGINS_MAX
from backoffice.accounts.roles import Role
from backoffice.accounts.schemas import UserUpdate
from backoffice.accounts.secrets import PASSWORD_MAX_CHARS
from backoffice.accounts.tally import Tally
from backoffice.accounts.throttle import BESIEGED, FORGET_S, GUESSING, SIEGE_ADDRESSES, SPRAYING, Caller, Throttle
from backoffice.admission.clients import client_of
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.errors import TooManyAttempts
from backoffice.hashing import NICENESS, HashingLine
from backoffice.institutions import service as institutions
from backoffice.institutions.schemas import InstitutionCreate
from backoffice.supervision import Worker
from tests.host.backoffice.support import NOW, ORIGIN, PASSWORD, HandClock, log_in, make_user

CLINIC = "203.0.113.7"
HOME = "198.51.100.20"
WRONG = "not the password at all"
PATIENCE_S = 30


@pytest.fixture
def ada(context: Context) -> str:
    make_user(context, "ada", Role.ISSUER)
    return "ada"


def browser(app: FastAPI, address: str = CLINIC) -> TestClient:
    return TestClient(app, base_url=ORIGIN, headers={"Origin": ORIGIN}, client=(address, 50_000))


def try_in(client: TestClient, login: str, password: str) -> Response:
    return client.post("/api/v1/login", json={"login": login, "password": password})


def fail(throttle: Throttle, login: str, caller: Caller, now: int, times: int = 1) -> None:
    """Failures, each as soon as the throttle lets it be."""
    for _ in range(times):
        throttle.reserve(login, caller, now)


# Through the door


def test_of_forty_attempts_at_once_five_are_made(app: FastAPI, ada: str) -> None:
    with browser(app) as client, ThreadPoolExecutor(40) as crowd:
        answers = list(crowd.map(lambda _n: try_in(client, ada, WRONG), range(40)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert sorted({answer.status_code for answer in answers}) == [401, 429]
    assert len(refused) == 40 - GUESSING.free
    assert {answer.headers["retry-after"] for answer in refused} == {"5"}
    error = refused[0].json()["error"]
    assert (error["code"], error["detail"]["retry_after_s"]) == ("too_many_attempts", 5)
    assert "wait 5 s" in error["message"]


def test_the_wait_doubles_up_to_a_bound_and_ends_with_the_right_password(
    app: FastAPI, ada: str, clock: HandClock
) -> None:
    client, waits = browser(app), []
    for _ in range(GUESSING.free - 1):
        assert try_in(client, ada, WRONG).status_code == 401
    for _ in range(8):
        assert try_in(client, ada, WRONG).status_code == 401
        waits.append(int(try_in(client, ada, PASSWORD).headers["retry-after"]))
        clock.now += waits[-1] - 1
        assert try_in(client, ada, PASSWORD).headers["retry-after"] == "1"
        clock.now += 1
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]
    assert try_in(client, ada, PASSWORD).status_code == 200
    assert try_in(client, ada, WRONG).status_code == 401


def test_a_colleague_at_the_same_address_gets_in(app: FastAPI, ada: str, context: Context) -> None:
    make_user(context, "bob", Role.ISSUER)
    fail(context.throttle, ada, Caller(CLINIC), NOW, GUESSING.free)
    assert try_in(browser(app), ada, PASSWORD).status_code == 429
    assert try_in(browser(app), "bob", PASSWORD).status_code == 200


def test_the_owner_gets_in_where_somebody_else_guesses(app: FastAPI, ada: str, context: Context) -> None:
    own = browser(app)
    assert try_in(own, ada, PASSWORD).status_code == 200
    own.post("/api/v1/logout")
    fail(context.throttle, ada, Caller(CLINIC), NOW, GUESSING.free)
    assert try_in(browser(app), ada, PASSWORD).status_code == 429
    assert try_in(own, ada, PASSWORD).status_code == 200
    assert try_in(browser(app, HOME), ada, PASSWORD).status_code == 200


def test_a_known_device_is_no_licence_to_guess(app: FastAPI, ada: str, context: Context) -> None:
    own = browser(app)
    try_in(own, ada, PASSWORD)
    assert [try_in(own, ada, WRONG).status_code for _ in range(6)] == [401] * 5 + [429]
    make_user(context, "bob", Role.ISSUER)
    fail(context.throttle, "bob", Caller(CLINIC), NOW, GUESSING.free)
    assert try_in(own, "bob", WRONG).status_code == 429
    assert try_in(browser(app), "bob", PASSWORD).status_code == 429, "his device is a stranger to bob"


@pytest.mark.parametrize(
    "alter",
    [
        lambda cookie: cookie[:-1] + ("0" if cookie[-1] != "0" else "1"),
        lambda cookie: "0" * 32 + cookie[32:],
        lambda cookie: cookie.split(".")[0],
        lambda cookie: "." + cookie,
        lambda cookie: "",
    ],
)
def test_a_device_cannot_be_made_up(app: FastAPI, ada: str, context: Context, alter: Callable[[str], str]) -> None:
    own = browser(app)
    try_in(own, ada, PASSWORD)
    forged = alter(own.cookies[COOKIE])
    fail(context.throttle, ada, Caller(CLINIC), NOW, GUESSING.free)
    client = browser(app)
    client.cookies.set(COOKIE, forged)
    assert try_in(client, ada, PASSWORD).status_code == 429


def test_a_shared_browser_knows_its_last_people(app: FastAPI, context: Context) -> None:
    shared = browser(app)
    names = [f"nurse{number}" for number in range(LOGINS_MAX + 1)]
    for name in names:
        make_user(context, name, Role.ISSUER)
        assert try_in(shared, name, PASSWORD).status_code == 200
        fail(context.throttle, name, Caller(CLINIC), NOW, GUESSING.free)
    assert [try_in(shared, name, PASSWORD).status_code for name in names] == [429] + [200] * LOGINS_MAX


def test_a_login_that_is_guessed_from_everywhere_lets_its_owner_in(
    app: FastAPI, ada: str, context: Context, clock: HandClock
) -> None:
    for number in range(SIEGE_ADDRESSES):
        fail(context.throttle, ada, Caller(f"192.0.2.{number}"), NOW)
    assert try_in(browser(app, "192.0.2.1"), ada, WRONG).headers["retry-after"] == str(BESIEGED.first_s)
    assert try_in(browser(app, HOME), ada, PASSWORD).status_code == 200
    assert try_in(browser(app, CLINIC), ada, WRONG).status_code == 401
    assert try_in(browser(app, CLINIC), ada, PASSWORD).headers["retry-after"] == str(BESIEGED.first_s)
    clock.now += BESIEGED.first_s
    assert try_in(browser(app, CLINIC), ada, PASSWORD).status_code == 200


def test_an_attempt_for_which_there_was_no_time_does_not_count(app: FastAPI, ada: str, context: Context) -> None:
    fail(context.throttle, ada, Caller(HOME), NOW, GUESSING.free - 1)
    context.hashing.close()
    context.hashing = line = AnnouncedLine(Worker("hashing"), patience_s=0)
    with held(line):
        busy = try_in(browser(app, HOME), ada, WRONG)
        assert (busy.status_code, busy.json()["error"]["code"]) == (503, "hashing_busy")
        assert int(busy.headers["retry-after"]) > 0
    line.close()
    context.hashing = HashingLine(Worker("hashing"))
    assert try_in(browser(app, HOME), ada, WRONG).status_code == 401
    assert try_in(browser(app, HOME), ada, WRONG).status_code == 429


def test_guesses_at_the_change_of_password_are_slowed_down_too(app: FastAPI, ada: str) -> None:
    open_browser = log_in(app, ada)
    change = {"current": WRONG, "new": "another long password"}
    answers = [open_browser.post("/api/v1/password", json=change).status_code for _ in range(7)]
    assert answers == [401] * GUESSING.free + [429] * 2
    page = open_browser.post("/password", data={"current": PASSWORD, "new": WRONG, "again": WRONG})
    assert (page.status_code, page.headers["retry-after"]) == (429, "5")
    assert "Try again in 5 seconds" in page.text


# Nothing is held up


class AnnouncedLine(HashingLine):
    """Says when somebody has come to the line."""

    def __init__(self, worker: Worker, patience_s: float = PATIENCE_S) -> None:
        super().__init__(worker, patience_s)
        self.reached, self.gate = Event(), Event()

    def do(self, work: Callable[..., Any], *args: Any, **more: Any) -> Any:
        self.reached.set()
        return super().do(work, *args, **more)


def change(client: TestClient, _context: Context) -> Response:
    return client.post("/api/v1/password", json={"current": PASSWORD, "new": "another long password"})


def change_on_page(client: TestClient, _context: Context) -> Response:
    return client.post("/password", data={"current": PASSWORD, "new": WRONG, "again": WRONG}, follow_redirects=False)


def log_in_again(client: TestClient, _context: Context) -> Response:
    return try_in(client, "admin", PASSWORD)


def log_in_on_page(client: TestClient, _context: Context) -> Response:
    return client.post("/login", data={"login": "admin", "password": PASSWORD}, follow_redirects=False)


def make(client: TestClient, _context: Context) -> Response:
    return client.post("/api/v1/users", json={"login": "new", "name": "New", "role": "issuer"})


def reset(client: TestClient, _context: Context) -> Response:
    return client.post("/api/v1/users/2/password-reset")


@pytest.mark.parametrize("request_of", [change, change_on_page, log_in_again, log_in_on_page, make, reset])
def test_a_hash_in_the_making_holds_up_nobody_who_writes(
    administrator: TestClient,
    context: Context,
    ada: str,
    request_of: Callable[[TestClient, Context], Response],
) -> None:
    context.hashing = line = AnnouncedLine(Worker("hashing"))
    with held(line), ThreadPoolExecutor(1) as elsewhere:
        answer = elsewhere.submit(request_of, administrator, context)
        assert line.reached.wait(PATIENCE_S)
        with transaction(context.engine) as session:  # would wait for the lock, and find it busy after ten seconds
            institutions.create(session, InstitutionCreate(name="Meanwhile"), "UTC", NOW)
        line.gate.set()
        assert answer.result(PATIENCE_S).status_code < 400
    line.close()


def test_the_first_administrator_is_no_exception(visitor: TestClient, context: Context) -> None:
    context.hashing = line = AnnouncedLine(Worker("hashing"))
    wanted = {"token": context.setup_token.issue(), "login": "boss", "name": "Boss", "password": PASSWORD}
    with held(line), ThreadPoolExecutor(1) as elsewhere:
        answer = elsewhere.submit(visitor.post, "/api/v1/setup", json=wanted)
        assert line.reached.wait(PATIENCE_S)
        make_user(context, "quicker", Role.ADMINISTRATOR)
        line.gate.set()
        assert answer.result(PATIENCE_S).json()["error"]["code"] == "bad_setup_token"
    line.close()


def test_who_is_stopped_while_the_password_is_checked_stays_out(app: FastAPI, context: Context, ada: str) -> None:
    context.hashing = line = AnnouncedLine(Worker("hashing"))
    with held(line), ThreadPoolExecutor(1) as elsewhere:
        answer = elsewhere.submit(try_in, browser(app), ada, PASSWORD)
        assert line.reached.wait(PATIENCE_S)
        with transaction(context.engine) as session:
            service.update_user(session, service.find_user(session, ada), UserUpdate(active=False), NOW)
        line.gate.set()
        assert answer.result(PATIENCE_S).status_code == 401
    line.close()


def test_who_is_reset_while_changing_the_password_stays_out(app: FastAPI, context: Context, ada: str) -> None:
    """Else whoever sits at the open browser undoes what the administrator has just done about it."""
    intruder = log_in(app, ada)
    context.hashing = line = AnnouncedLine(Worker("hashing"))
    with held(line), ThreadPoolExecutor(1) as elsewhere:
        answer = elsewhere.submit(change, intruder, context)
        assert line.reached.wait(PATIENCE_S)
        with transaction(context.engine) as session:
            number = service.find_user(session, ada)
            service.set_password(session, number, "the hash of a one-time password", NOW, one_time=True)
        line.gate.set()
        assert answer.result(PATIENCE_S).json()["error"]["code"] == "bad_credentials"
    line.close()
    assert intruder.get("/api/v1/me").status_code == 401
    with transaction(context.engine) as session:
        assert service.get_user(session, number).password_change_required


@contextmanager
def held(line: AnnouncedLine) -> Iterator[None]:
    """The worker is at something until the gate opens."""
    begun = Event()

    def wait() -> bool:
        begun.set()
        return line.gate.wait(PATIENCE_S)

    line._thread.submit(wait)
    assert begun.wait(PATIENCE_S)
    try:
        yield
    finally:
        line.gate.set()


# The line


def test_one_hash_at_a_time(context: Context) -> None:
    seen: list[str] = []
    first_began, gate = Event(), Event()

    def first() -> None:
        seen.append("first begins")
        first_began.set()
        gate.wait(PATIENCE_S)
        seen.append("first ends")

    with ThreadPoolExecutor(2) as both:
        one = both.submit(context.hashing.do, first)
        assert first_began.wait(PATIENCE_S)
        two = both.submit(context.hashing.do, seen.append, "second")
        gate.set()
        one.result(PATIENCE_S)
        two.result(PATIENCE_S)
    assert seen == ["first begins", "first ends", "second"]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux alone")
def test_hashing_steps_back_for_everything_else(context: Context) -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert context.hashing.do(niceness) == min(niceness() + NICENESS, 19)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux alone")
def test_where_a_thread_may_not_step_back_it_hashes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_args: object) -> None:
        raise PermissionError("seccomp")

    monkeypatch.setattr(os, "setpriority", forbidden)
    line = HashingLine(Worker("hashing"))
    assert [line.do(int) for _ in range(2)] == [0, 0]
    line.close()


def test_what_nobody_foresaw_is_told_by_the_hashing(context: Context) -> None:
    with capture_logs() as said, pytest.raises(ZeroDivisionError):
        context.hashing.do(lambda: 1 // 0)
    assert [(line["event"], line["work"]) for line in said] == [("work_failed", "hashing")]


# The counting


def test_who_sprays_is_slowed_down_and_others_are_not() -> None:
    throttle = Throttle()
    sprayer = Caller("192.0.2.1")
    for number in range(SPRAYING.free):
        fail(throttle, f"login{number}", sprayer, NOW)
    with pytest.raises(TooManyAttempts) as caught:
        throttle.reserve("login99", sprayer, NOW)
    assert caught.value.retry_after_s == SPRAYING.first_s
    throttle.reserve("login99", Caller("192.0.2.2"), NOW)
    throttle.reserve("login99", Caller("192.0.2.1", device="d"), NOW)
    now = NOW
    for number in range(12):
        now += SPRAYING.longest_s
        fail(throttle, f"more{number}", sprayer, now)


def test_who_sprays_is_answered_so_at_the_login(app: FastAPI, ada: str, context: Context) -> None:
    for number in range(SPRAYING.free):
        fail(context.throttle, f"login{number}", Caller(client_of(CLINIC)), NOW)
    answer = try_in(browser(app, CLINIC), ada, PASSWORD)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, str(SPRAYING.first_s))
    assert try_in(browser(app, "192.0.2.77"), ada, PASSWORD).status_code == 200


def test_success_gives_back_what_it_had_cost_the_address_once() -> None:
    """Logging in with an account of one's own, in parallel or in turns, makes no room for more guesses at others."""
    throttle, own = Throttle(), Caller("192.0.2.1")
    for number in range(SPRAYING.free - 2):
        fail(throttle, f"login{number}", own, NOW)
    attempts = [throttle.reserve("mine", own, NOW) for _ in range(GUESSING.free)]
    for attempt in attempts:
        attempt.succeeded()
    fail(throttle, "one more", own, NOW)
    fail(throttle, "and another", own, NOW)
    with pytest.raises(TooManyAttempts):
        throttle.reserve("and a third", own, NOW)


def test_failures_are_forgotten_in_time() -> None:
    throttle, caller = Throttle(), Caller(CLINIC)
    fail(throttle, "ada", caller, NOW, GUESSING.free)
    fail(throttle, "ada", caller, NOW + FORGET_S, GUESSING.free)
    with pytest.raises(TooManyAttempts):
        throttle.reserve("ada", caller, NOW + FORGET_S)


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    throttle, caller = Throttle(), Caller(CLINIC)
    fail(throttle, "ada", caller, NOW, GUESSING.free)
    with pytest.raises(TooManyAttempts) as caught:
        throttle.reserve("ada", caller, NOW - 14 * 86400)
    assert caught.value.retry_after_s == GUESSING.first_s
    throttle.reserve("ada", caller, NOW - 14 * 86400 + GUESSING.first_s)


def test_nobody_pushes_his_own_failures_out_and_memory_is_bounded() -> None:
    tally = Tally(FORGET_S, slots=64)
    tally.add("mine", NOW)
    for number in range(10_000):
        tally.add(f"made up {number}", NOW)
    assert tally.failures("mine", NOW) >= 1
    assert len(tally._counts) == len(tally._counted_at) == 64


def test_an_ipv6_network_counts_as_one_address(app: FastAPI, ada: str, context: Context) -> None:
    fail(context.throttle, ada, Caller(client_of("2001:db8:1:2::1")), NOW, GUESSING.free)
    assert try_in(browser(app, "2001:db8:1:2:3:4:5:6"), ada, PASSWORD).status_code == 429
    assert try_in(browser(app, "2001:db8:1:3::1"), ada, PASSWORD).status_code == 200


def test_the_longest_password_is_still_bounded(app: FastAPI, ada: str) -> None:
    assert try_in(browser(app), ada, "x" * (PASSWORD_MAX_CHARS + 1)).status_code == 422
    odd = browser(app).post("/api/v1/login", content=b'{"login": "\\ud83d\\u0000 x", "password": "x"}')
    assert odd.status_code in (401, 422)
