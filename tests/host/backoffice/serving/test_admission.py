"""A crowd on one address, and what everybody else still gets: the real server, each client on an address of its own."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.cookies import SimpleCookie

import pytest
from fastapi import Request
from protocol import uplink
from structlog.testing import capture_logs

from backoffice import http_errors
from backoffice.accounts.access import COOKIE
from backoffice.admission.classes import CLASSES, EVENTS, LOGIN, LOGIN_KNOWN, PAGES, UPLINK
from backoffice.admission.fair_line import FairLine
from backoffice.db import REQUEST_CONNECTIONS, transaction
from backoffice.errors import StorageFailed, Unavailable
from tests.host.backoffice.machines import Machine, add_institution, add_machine
from tests.host.backoffice.serving.conftest import Office
from tests.host.backoffice.serving.wire import Answer, Wire, head
from tests.host.backoffice.support import PASSWORD

CROWD = 200
ATTACKER = "127.0.0.2"
HONEST = "127.0.0.3"
COSE = "application/cose"
GARBAGE = {"no token": "x", "a token of nobody's": "A" * 43}


@pytest.fixture
def machine(office: Office) -> Machine:
    found = add_machine(office.context, Machine(), add_institution(office.context))
    found.exam(500)
    return found


@pytest.fixture
def cookie(office: Office) -> str:
    return office.log_in("boss")


def report(office: Office, machine: Machine, source: str = HONEST) -> uplink.Ack:
    message = machine.report()
    with office.wire(source) as wire:
        answer = wire.ask("/api/v1/uplink", method="POST", body=message, content_type=COSE).answer()
    assert answer.status == 200, answer
    return uplink.open_ack(machine.key, message, answer.body)


def ask(office: Office, path: str, source: str = HONEST, **headers: str) -> Answer:
    with office.wire(source) as wire:
        return wire.say(head(path, **headers)).answer()


def post(wire: Wire, path: str, body: bytes, cookie: str = "") -> Wire:
    given = {"cookie": cookie} if cookie else {}
    return wire.ask(
        path, method="POST", body=body, origin="http://perscan.test", content_type="application/json", **given
    )


def try_in(wire: Wire, password: str, cookie: str = "") -> Wire:
    return post(wire, "/api/v1/login", b'{"login": "boss", "password": "%b"}' % password.encode(), cookie)


def cookies_of(answer: Answer) -> str:
    """What a browser would send back."""
    assert answer.status == 200, answer
    return "; ".join(f"{name}={morsel.value}" for name, morsel in SimpleCookie(answer.cookies).items())


def opened(office: Office, ends: ExitStack, number: int, source: str) -> list[Wire]:
    return [ends.enter_context(office.wire(source)) for _ in range(number)]


def take_all(office: Office, name: str) -> FairLine:
    """Every slot of a class, each by another client."""
    line = office.line(name)
    office.on_loop(lambda: [line.join(f"192.0.2.{number}") for number in range(line.bounds.slots)])
    return line


@pytest.fixture
def room(office: Office) -> None:
    office.server.house.room = 2 * CROWD


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_a_crowd_with_garbage_cookies_keeps_nobody_from_anything(
    office: Office, machine: Machine, cookie: str, garbage: str
) -> None:
    with ExitStack() as ends:
        crowd = opened(office, ends, CROWD, ATTACKER)
        for wire in crowd:
            wire.ask("/api/v1/me", cookie=f"{COOKIE}={garbage}")
        assert ask(office, "/health").status == 200
        assert ask(office, "/login").status == 200
        assert ask(office, "/", cookie=cookie).status == 200
        assert report(office, machine).ack_seq == 4
        assert Counter(wire.answer().status for wire in crowd) == {401: CROWD}
    assert (office.line(PAGES.name).inside, office.line(PAGES.name).waiting) == (0, 0)


@pytest.mark.usefixtures("room")
def test_many_honest_ones_at_once_all_get_their_page(office: Office, cookie: str) -> None:
    with ExitStack() as ends:
        wires = opened(office, ends, 120, HONEST)
        for wire in wires:
            wire.ask("/usage", cookie=cookie)
        assert Counter(wire.answer().status for wire in wires) == {200: 120}


@pytest.mark.usefixtures("room")
def test_while_a_writer_holds_the_lock_pages_are_read_and_those_who_wait_to_write_hold_up_nobody_else(
    office: Office, cookie: str
) -> None:
    with ExitStack() as ends:
        with transaction(office.context.engine) as session:
            session.connection()
            writers = opened(office, ends, 20, ATTACKER)
            for wire in writers:
                wire.ask("/api/v1/agents", method="POST", cookie=cookie, origin="http://perscan.test")
            for wire in writers:
                assert wire.answer().status == 422  # what is ill takes no lock
            for number, wire in enumerate(writers):
                body = b'{"name": "Agent %d"}' % number
                wire.ask(
                    "/api/v1/agents",
                    method="POST",
                    body=body,
                    cookie=cookie,
                    origin="http://perscan.test",
                    content_type="application/json",
                )
            line = office.line(PAGES.name)
            office.wait_until(lambda: line.inside == line.bounds.slots_of_a_client)
            assert ask(office, "/institutions", cookie=cookie).status == 200
            assert ask(office, "/health").status == 200
            assert line.inside == line.bounds.slots_of_a_client
        assert Counter(wire.answer().status for wire in writers) == {201: 20}


def test_a_pool_that_is_wholly_taken_is_a_503_and_neither_reports_nor_health_notice(
    office: Office, machine: Machine, cookie: str
) -> None:
    with ExitStack() as ends:
        for _ in range(REQUEST_CONNECTIONS):
            ends.enter_context(office.context.engine.connect())
        with ThreadPoolExecutor(2) as people:
            page = people.submit(ask, office, "/", HONEST, cookie=cookie, accept="text/html")
            call = people.submit(ask, office, "/api/v1/me", HONEST, cookie=cookie)
            assert report(office, machine).ack_seq == 4
            assert ask(office, "/health").status == 200
            for answer in (page.result(), call.result()):
                assert answer.status == 503
                assert int(answer.headers["retry-after"]) > 0
        assert b"busy" in page.result().body
    assert ask(office, "/", cookie=cookie).status == 200


def test_a_report_needs_no_slot_of_anybody_else(office: Office, machine: Machine) -> None:
    """Every slot of every other class is taken, for as long as the test wants."""
    for kind in CLASSES:
        if kind is not UPLINK:
            take_all(office, kind.name)
    assert report(office, machine).ack_seq == 4
    assert report(office, machine, ATTACKER).ack_seq == 4


@pytest.mark.usefixtures("room")
def test_a_crowd_of_strangers_at_the_log_in_keeps_nobody_out_who_was_here_before(office: Office) -> None:
    """Each stranger on an address of its own, so that none has more than the others, until their line is full."""
    with office.wire(HONEST) as wire:
        device = cookies_of(try_in(wire, PASSWORD).answer())
    line = take_all(office, LOGIN.name)
    with ExitStack() as ends:
        crowd = [
            ends.enter_context(office.wire(f"127.0.{1 + number // 100}.{1 + number % 100}"))
            for number in range(line.bounds.waiting)
        ]
        for wire in crowd:
            try_in(wire, "a guess", "perscan_device=" + "0" * 32 + ("." + "0" * 32) * 2)
        office.wait_until(lambda: line.waiting == line.bounds.waiting)
        with office.wire("127.0.9.1") as newcomer:
            assert try_in(newcomer, PASSWORD).answer().status == 503
        with office.wire(HONEST) as owner:
            inside = try_in(owner, PASSWORD, device).answer()
            assert inside.status == 200
            own = cookies_of(inside)
            assert owner.ask("/password", cookie=own).answer().status == 200
            change = b'{"current": "%b", "new": "another long password"}' % PASSWORD.encode()
            assert post(owner, "/api/v1/password", change, own).answer().status == 200
            assert post(owner, "/logout", b"", own).answer().status == 303
            assert owner.ask("/login").answer().status == 200
        assert line.waiting == line.bounds.waiting


def test_one_device_is_one_client_wherever_it_is(office: Office) -> None:
    """Whoever takes his own cookie to many addresses fills no line with it."""
    with office.wire(HONEST) as wire:
        device = cookies_of(try_in(wire, PASSWORD).answer())
    line = take_all(office, LOGIN_KNOWN.name)
    with ExitStack() as ends:
        for number in range(1, 6):
            try_in(ends.enter_context(office.wire(f"127.0.1.{number}")), PASSWORD, device)
        office.wait_until(lambda: line.waiting == 5)
        assert len(line._lines) == 1


def test_who_fills_the_line_is_told_when_to_come_again_and_newcomers_find_a_place(office: Office) -> None:
    line = office.line(LOGIN.name)
    taken = line.bounds.slots_of_a_client
    office.on_loop(lambda: [line.join(ATTACKER) for _ in range(taken + line.bounds.waiting)])
    with office.wire(ATTACKER) as attacker:
        refused = attacker.ask("/login", method="POST", accept="text/html").answer()
    assert (refused.status, int(refused.headers["retry-after"]) > 0) == (429, True)
    with office.wire(HONEST) as honest:
        assert honest.ask("/login", method="POST").answer().status == 422  # no client gets the last slot
        office.on_loop(lambda: [line.join("192.0.2.1") for _ in range(line.bounds.slots - taken)])
        honest.ask("/login", method="POST")
        office.wait_until(lambda: honest.socket.getsockname()[0] in line._lines)
        office.on_loop(lambda: line.leave("192.0.2.1"))
        assert honest.answer().status == 422


def test_a_crowd_fills_no_log_with_faults(office: Office) -> None:
    line = office.line(LOGIN.name)
    office.on_loop(lambda: [line.join(ATTACKER) for _ in range(line.bounds.slots_of_a_client + line.bounds.waiting)])
    with capture_logs() as said, office.wire(ATTACKER) as wire:
        assert wire.ask("/login", method="POST").answer().status == 429
    assert [event["event"] for event in said if event["log_level"] == "error"] == []


def test_being_busy_is_no_fault_with_a_traceback() -> None:
    request = Request({"type": "http", "method": "GET", "path": "/x", "headers": []})
    with capture_logs() as said:
        for known in (Unavailable(), StorageFailed()):
            http_errors.report(request, OSError(), known)
    assert [event["code"] for event in said if "exc_info" in event] == [StorageFailed.code]


def test_who_hangs_up_leaves_the_line(office: Office) -> None:
    line = take_all(office, LOGIN.name)
    with office.wire(HONEST) as wire:
        wire.ask("/login", method="POST")
        office.wait_until(lambda: line.waiting == 1)
    office.wait_until(lambda: line.waiting == 0)


def test_machines_are_never_told_that_it_is_their_fault(office: Office) -> None:
    """Hundreds of them may stand behind one address of a phone network."""
    line = office.line(UPLINK.name)
    office.on_loop(lambda: [line.join(HONEST) for _ in range(line.bounds.slots_of_a_client + line.bounds.waiting)])
    with office.wire(HONEST) as wire:
        assert wire.ask("/api/v1/uplink", method="POST", body=b"x").answer().status == 503


def test_open_streams_hold_no_slots(office: Office, cookie: str) -> None:
    with ExitStack() as ends:
        for wire in opened(office, ends, EVENTS.bounds.slots + 2, HONEST):
            wire.ask("/events", cookie=cookie)
            wire.until(b"event: hello")
        assert office.line(EVENTS.name).inside == 0
        office.context.broker.close()
