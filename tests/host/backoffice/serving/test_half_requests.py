"""Whoever begins and does not go on is let go; whoever sends too much is told before it is read."""

import asyncio
import contextlib

import pytest

from backoffice.admission.classes import CLASSES, HEALTH, LOGIN, PAGES
from backoffice.serving import protocol
from backoffice.serving.door import RECEIVE_BYTES
from backoffice.serving.server import KEEP_ALIVE_S
from tests.host.backoffice.serving.conftest import ROOM, Office
from tests.host.backoffice.serving.wire import Wire, head

HALF_A_HEAD = b"GET /health HTTP/1.1\r\nhost: persc"
HALF_A_BODY = head("/api/v1/login", method="POST", content_length="100", content_type="application/json") + b'{"login'
PATIENCE_S = max(protocol.HEAD_S, protocol.BODY_S)
BODY_150_MIB = str(150 * 1024 * 1024)


def connections(office: Office) -> int:
    return len(office.server.connections)


def connected(office: Office, wire: Wire, words: bytes) -> Wire:
    """Say it, and wait until the server has heard it."""
    if words:
        wire.say(words)
    office.wait_until(lambda: heard(office) == len(words))
    return wire


def heard(office: Office) -> int:
    found = [one.received_bytes for one in office.server.connections]
    return found[0] if found else -1


@pytest.mark.parametrize("words", [b"", HALF_A_HEAD, HALF_A_BODY], ids=["nothing", "half a head", "half a body"])
def test_half_requests_are_let_go(office: Office, words: bytes) -> None:
    with connected(office, office.wire(), words) as wire:
        office.later(0)
        office.later(PATIENCE_S - 1)
        assert connections(office) == 1
        office.later(PATIENCE_S + 1)
        if words:
            assert wire.answer().status == 408
        assert wire.is_closed()
        office.wait_until(lambda: connections(office) == 0)


def test_a_body_that_comes_slowly_has_the_time_of_a_modem(office: Office) -> None:
    with connected(office, office.wire(), HALF_A_BODY) as wire:
        office.later(0)
        wire.say(b" " * 50)
        office.wait_until(lambda: heard(office) == len(HALF_A_BODY) + 50)
        office.later(protocol.BODY_S + 50 / protocol.BODY_LEAST_BYTES_S - 0.1)
        assert connections(office) == 1
        office.later(protocol.BODY_S + 1)
        assert wire.answer().status == 408


def test_an_idle_connection_is_waited_for_by_its_keep_alive_time_alone(office: Office) -> None:
    with office.wire() as wire:
        assert wire.ask("/login").answer().status == 200
        office.later(0)
        office.later(KEEP_ALIVE_S * 10)
        assert wire.ask("/login").answer().status == 200


def test_each_request_has_its_own_time(office: Office) -> None:
    with office.wire() as wire:
        for turn in range(3):
            wire.say(HALF_A_HEAD)
            office.wait_until(lambda: heard(office) > 0)
            office.later(turn * (protocol.HEAD_S - 1))
            wire.say(b"an\r\n\r\n")
            assert wire.answer().status == 200


def test_who_does_not_read_is_let_go_and_holds_no_slot(office: Office) -> None:
    cookie = office.log_in("boss")
    with office.wire(receive_bytes=4096) as wire:
        for _ in range(60):
            wire.ask("/openapi.json", cookie=cookie)
        office.wait_until(lambda: any(one.flow.write_paused for one in office.server.connections))
        office.wait_until(lambda: office.line(PAGES.name).inside == 0)
        office.later(0)
        office.later(protocol.READER_S - 1)
        assert connections(office) == 1
        office.later(protocol.READER_S + 1)
        office.wait_until(lambda: connections(office) == 0)


@pytest.mark.parametrize("path", ["/api/v1/login", "/api/v1/uplink", "/api/v1/institutions", "/login", "/health"])
def test_a_body_that_is_announced_too_large_is_refused_unread(office: Office, path: str) -> None:
    with office.wire() as wire:
        wire.say(head(path, method="POST", content_length=BODY_150_MIB, content_type="application/json"))
        answer = wire.answer()
        assert (answer.status, answer.headers["connection"]) == (413, "close")
        assert wire.is_closed()


def test_a_body_that_grows_too_large_is_refused_on_the_way(office: Office) -> None:
    most_bytes = max(kind.body_bytes for kind in CLASSES)
    chunk = b"%x\r\n%s\r\n" % (most_bytes + 1, b" " * (most_bytes + 1))
    with office.wire() as wire:
        wire.say(head("/api/v1/login", method="POST", transfer_encoding="chunked") + chunk)
        assert wire.answer().status == 413


def test_whoever_has_most_connections_gives_way(office: Office) -> None:
    house = office.server.house
    wires = [office.wire("127.0.0.2").say(HALF_A_HEAD) for _ in range(ROOM)]
    office.wait_until(lambda: house.of("127.0.0.2") == ROOM)
    with office.wire("127.0.0.3") as honest:
        assert honest.ask("/login").answer().status == 200
        assert wires[0].is_closed()
        assert (house.of("127.0.0.2"), house.of("127.0.0.3")) == (ROOM - 1, 1)
    for wire in wires:
        wire.socket.close()
    office.wait_until(lambda: house.guests == 0)


def test_whoever_does_not_read_gives_way(office: Office) -> None:
    cookie = office.log_in("boss")
    wires = [office.wire("127.0.0.2", receive_bytes=4096) for _ in range(ROOM)]
    for wire in wires:
        wire.say(head("/openapi.json", cookie=cookie) * 30)
    office.wait_until(
        lambda: (
            len(office.server.connections) == ROOM and all(one.flow.write_paused for one in office.server.connections)
        )
    )
    with office.wire("127.0.0.3") as honest:
        assert honest.ask("/login").answer().status == 200
    for wire in wires:
        wire.socket.close()


def test_whoever_is_being_served_does_not_give_way(office: Office) -> None:
    cookie = office.log_in("boss")
    streams = [office.wire("127.0.0.2").ask("/events", cookie=cookie) for _ in range(5)]
    for stream in streams:
        stream.until(b"event: hello")
    wires = [office.wire("127.0.0.2") for _ in range(ROOM)]
    office.wait_until(lambda: len(office.server.connections) == ROOM)
    with office.wire("127.0.0.3") as honest:
        assert honest.ask("/login").answer().status == 200
    office.context.broker.close()
    for stream in streams:
        stream.until(b"0\r\n\r\n")
    for wire in (*wires, *streams):
        wire.socket.close()


def test_whoever_waits_in_a_line_gives_way_too(office: Office) -> None:
    """Otherwise a crowd that fills the lines would fill the house as well, and nobody could come in."""
    line = office.line(LOGIN.name)
    office.on_loop(lambda: [line.join(f"192.0.2.{number}") for number in range(line.bounds.slots)])
    wires = [office.wire("127.0.0.2").ask("/login", method="POST") for _ in range(ROOM)]
    office.wait_until(lambda: line.waiting == ROOM)
    with office.wire("127.0.0.3") as honest:
        assert honest.ask("/login").answer().status == 200
    office.wait_until(lambda: line.waiting == ROOM - 1)
    for wire in wires:
        wire.socket.close()
    office.wait_until(lambda: line.waiting == 0)


def test_a_health_check_needs_no_body(office: Office) -> None:
    assert HEALTH.body_bytes <= 1024
    with office.wire() as wire:
        assert wire.ask("/health", body=b"x" * 100).answer().status == 200


def test_what_is_sent_faster_than_it_is_parsed_is_not_kept(office: Office) -> None:
    """Chunks of one byte cost the parser most; the server reads on only when it has parsed what it read."""
    sent = b"1\r\n \r\n" * 200_000
    kept_bytes: list[int] = []
    with office.wire() as wire:
        wire.say(head("/api/v1/login", method="POST", transfer_encoding="chunked"))
        office.wait_until(lambda: connections(office) == 1)

        async def look() -> None:
            while connections(office):
                kept_bytes.append(max((len(one.inbox) for one in office.server.connections), default=0))
                await asyncio.sleep(0)

        watching = asyncio.run_coroutine_threadsafe(look(), office.loop)
        with contextlib.suppress(ConnectionError):
            wire.say(sent)
        wire.until(b"413")
    watching.result(30)
    assert 0 < max(kept_bytes) <= 2 * RECEIVE_BYTES
