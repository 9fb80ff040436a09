"""What fails while one connection is looked after costs that connection, and nobody else."""

import asyncio
import socket

import h11
import pytest

from backoffice.serving.door import Door
from backoffice.serving.house import Guest
from backoffice.serving.protocol import PatientProtocol
from backoffice.serving.turns import Turns
from backoffice.supervision import WorkerState
from tests.host.backoffice.serving.conftest import ROOM, Office
from tests.host.backoffice.serving.wire import PATIENCE_S, head

FOREIGN = head("/", method="POST", origin="http://elsewhere.test", transfer_encoding="chunked")
MANY_LINES = head("/", method="POST", transfer_encoding="chunked", **{f"x-{number}": "1" for number in range(70)})
NO_CHUNK = b"zz\r\n"


class Fault(Exception):
    """Something that nobody foresaw."""


def connections(office: Office) -> WorkerState:
    return next(state for state in office.context.workers.states() if state.name == "connections")


def is_served(office: Office) -> bool:
    with office.wire("127.0.0.9") as another:
        return another.ask("/login").answer().status == 200


@pytest.mark.parametrize(("request_", "status"), [(FOREIGN, 403), (MANY_LINES, 431)], ids=["origin", "head"])
def test_who_is_answered_early_and_goes_on_with_nonsense_deafens_nobody(
    office: Office, request_: bytes, status: int
) -> None:
    with office.wire() as wire:
        answer = wire.say(request_).answer()
        assert (answer.status, answer.headers["connection"]) == (status, "close")
        wire.say(NO_CHUNK)
        assert wire.is_closed()
    with office.wire() as wire:  # in one piece: the nonsense is there before the answer
        wire.say(request_ + NO_CHUNK)
        wire.until(b"HTTP/1.1 4")
    assert is_served(office)
    assert connections(office).failures == 0  # it was foreseen


def test_nonsense_is_answered_400(office: Office) -> None:
    with office.wire() as wire:
        wire.say(b"zz\r\n\r\n").until(b"HTTP/1.1 400 ")
        office.wait_until(lambda: not office.server.connections)


def test_nonsense_after_an_answer_that_has_begun_closes_the_connection(office: Office) -> None:
    """Whoever answers early in future."""
    with office.wire() as wire:
        wire.say(head("/api/v1/login", method="POST", transfer_encoding="chunked"))
        office.wait_until(lambda: any(one.cycle is not None for one in office.server.connections))

        def answered() -> None:
            (one,) = office.server.connections
            one.transport.write(one.conn.send(h11.Response(status_code=204, headers=[])) or b"")

        office.on_loop(answered)
        wire.until(b"204")
        wire.say(NO_CHUNK)
        office.wait_until(lambda: not office.server.connections)
    assert is_served(office)
    assert connections(office).failures == 0


def ill(office: Office) -> PatientProtocol:
    """The one connection there is, in a state that nobody foresaw: nothing can be read from its parser."""
    (one,) = office.server.connections
    del one.conn
    return one


def test_who_cannot_be_parsed_is_let_go(office: Office) -> None:
    with office.wire() as wire:
        office.wait_until(lambda: len(office.server.connections) == 1)
        office.on_loop(lambda: ill(office))
        assert wire.say(b"GET /health HTTP/1.1\r\n").is_closed()
    assert is_served(office)
    assert connections(office).last_failure == "AttributeError"


def test_who_cannot_be_looked_at_is_let_go_and_the_server_ticks_on(office: Office) -> None:
    with office.wire() as wire:
        office.wait_until(lambda: len(office.server.connections) == 1)
        office.on_loop(lambda: ill(office))
        assert wire.is_closed()  # at the next tick
        office.wait_until(lambda: office.server.house.guests == 0)
    assert is_served(office)
    assert connections(office).failures > 0
    office.wait_until(lambda: connections(office).well)  # a tick without a fault


def test_whose_parser_has_failed_hinders_no_stop(office: Office) -> None:
    """h11 refuses to speak on such a connection, and uvicorn says good-bye to each before it stops the application."""
    with office.wire() as wire:
        office.wait_until(lambda: len(office.server.connections) == 1)

        def fail() -> None:
            (one,) = office.server.connections
            one.conn.send_failed()

        office.on_loop(fail)
        office.server.should_exit = True
        assert wire.is_closed()
    assert office.context.ingest.writer._stop.wait(PATIENCE_S)  # the application was asked to stop


def test_who_cannot_say_whether_it_may_go_goes(office: Office) -> None:
    wires = [office.wire("127.0.0.2") for _ in range(ROOM)]
    office.wait_until(lambda: len(office.server.connections) == ROOM)

    def all_ill() -> None:
        for one in office.server.connections:
            del one.conn

    def newcomer() -> bool:
        all_ill()
        return office.server.house.take_in(Guest("127.0.0.3", lambda: True, lambda: None))

    assert office.on_loop(newcomer)
    for wire in wires:
        wire.socket.close()


def test_a_connection_that_cannot_be_taken_in_is_closed_and_the_next_is_taken_in(office: Office) -> None:
    (door,) = office.server.servers
    assert isinstance(door, Door)
    before = connections(office).failures
    no_tcp, far_end = socket.socketpair()  # has none of the options that are set on it
    with far_end:
        office.on_loop(lambda: door._let_in(no_tcp))
        assert far_end.recv(1) == b""
    assert connections(office).failures == before + 1
    assert is_served(office)


def test_a_turn_that_fails_is_not_the_last() -> None:
    done: list[str] = []
    told: list[object] = []

    def fail() -> None:
        raise Fault

    async def play() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: told.append(context["exception"]))
        turns = Turns(loop)
        turns.wait("one", fail)
        turns.wait("two", lambda: done.append("two"))
        while turns.waiting:
            await asyncio.sleep(0)
        turns.wait("three", lambda: done.append("three"))
        while turns.waiting:
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(play(), 30))
    assert done == ["two", "three"]
    assert [type(error) for error in told] == [Fault]
