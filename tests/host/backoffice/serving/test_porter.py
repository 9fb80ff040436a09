"""The porter, on real sockets, with a clock of the test's own."""

import errno
import os
import socket
from collections.abc import Iterator

import pytest

from backoffice.health.schemas import HealthRead
from backoffice.serving.porter import (
    HEAD_MAX_BYTES,
    HEALTH,
    HERE,
    NO_ROOM_PAUSE_S,
    SILENT_MAX,
    SILENT_S,
    STALE,
    STALE_S,
    Asks,
    Porter,
    ServerGone,
    asks_for,
)
from tests.host.backoffice.serving.wire import Wire, head

HEALTH_CHECK = head("/health")
WELL = b'200 OK\n{"status":"well"}'
NOT_AT_ALL_S = 0
WAITING_MAX = 200


class House:
    """The server's side: what was handed in, and what is written down."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(1024)
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.setblocking(False)
        self.porter = Porter(self.listener, theirs, WAITING_MAX, lambda: self.now_s)
        self.wires: list[Wire] = []

    def comes(self, says: bytes = b"", source: str = "127.0.0.1") -> Wire:
        """A client has connected, said this and been seen."""
        wire = Wire(self.listener.getsockname()[1], source)
        self.wires.append(wire)
        if says:
            wire.say(says)
        self.turn()
        return wire

    def turn(self) -> None:
        self.porter.turn(NOT_AT_ALL_S)

    def tells(self, notice: bytes) -> None:
        self.channel.send(notice)
        self.turn()

    def handed_in(self) -> list[tuple[str, bytes]]:
        """From which address, and what can be read there; as much as the channel held."""
        found: list[tuple[str, bytes]] = []
        while True:
            try:
                _word, descriptors, _flags, _address = socket.recv_fds(self.channel, 1, 1)
            except BlockingIOError:
                return found
            if not descriptors:
                continue  # a word
            with socket.socket(fileno=descriptors[0]) as connection:
                connection.setblocking(False)
                try:
                    said = connection.recv(HEAD_MAX_BYTES)
                except BlockingIOError:
                    said = b""
                found.append((connection.getpeername()[0], said))

    def all_handed_in(self) -> list[tuple[str, bytes]]:
        """The same, until the porter has nobody more to hand in."""
        found: list[tuple[str, bytes]] = []
        while some := self.handed_in():
            found += some
            self.turn()
        return found


@pytest.fixture
def house() -> Iterator[House]:
    found = House()
    yield found
    for wire in found.wires:
        wire.socket.close()
    found.channel.close()
    found.porter.close()


@pytest.mark.parametrize(
    ("first", "asked"),
    [
        (b"G", Asks.UNKNOWN),
        (HEALTH, Asks.UNKNOWN),
        (HEALTH_CHECK[:-1], Asks.UNKNOWN),
        (HEALTH_CHECK, Asks.HEALTH),
        (b"GET /health HTTP/1.0\r\n\r\n", Asks.HEALTH),
        (HEALTH_CHECK + b"G", Asks.OTHER),
        (b"GET /healthy HTTP/1.1\r\n\r\n", Asks.OTHER),
        (b"GET /health?x HTTP/1.1\r\n\r\n", Asks.OTHER),
        (b"POST /health HTTP/1.1\r\n\r\n", Asks.OTHER),
        (b"GET /", Asks.UNKNOWN),
        (b"GET / HTTP/1.1\r\n\r\n", Asks.OTHER),
        (b"\x16\x03\x01", Asks.OTHER),
        (HEALTH + b"x" * (HEAD_MAX_BYTES - len(HEALTH)), Asks.OTHER),
    ],
)
def test_what_first_bytes_ask_for(first: bytes, asked: Asks) -> None:
    assert asks_for(first) is asked


def test_a_health_check_hears_what_was_written_down_last(house: House) -> None:
    house.tells(b"200 OK\n{}")
    house.tells(WELL)
    wire = house.comes(HEALTH_CHECK)
    answer = wire.answer()
    assert (answer.status, answer.body) == (200, b'{"status":"well"}')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["date"].endswith(" GMT")
    assert wire.is_closed()
    assert house.all_handed_in() == []


def test_a_server_that_is_unwell_says_so(house: House) -> None:
    house.tells(b'503 Service Unavailable\n{"status":"unwell"}')
    assert house.comes(HEALTH_CHECK).answer().status == 503


def test_a_server_that_writes_nothing_down_any_more_is_unwell(house: House) -> None:
    house.tells(WELL)
    house.now_s += STALE_S
    assert house.comes(HEALTH_CHECK).answer().status == 200
    house.now_s += 0.1
    answer = house.comes(HEALTH_CHECK).answer()
    assert (answer.status, answer.body) == (503, STALE[1])
    assert HealthRead.model_validate_json(answer.body).status == "unwell"


def test_before_anything_is_written_down_the_server_answers_itself(house: House) -> None:
    house.comes(HEALTH_CHECK)
    assert house.all_handed_in() == [("127.0.0.1", HEALTH_CHECK)]


def test_everything_else_is_handed_in_unread(house: House) -> None:
    house.tells(WELL)
    for says in (head("/login"), b"\x16\x03\x01", HEALTH_CHECK + HEALTH_CHECK):
        house.comes(says)
        assert house.all_handed_in() == [("127.0.0.1", says)]


def test_a_health_check_that_comes_in_pieces_is_answered(house: House) -> None:
    house.tells(WELL)
    wire = house.comes(HEALTH_CHECK[:5])
    wire.say(HEALTH_CHECK[5:])
    house.turn()
    assert wire.answer().status == 200


def test_who_says_nothing_is_handed_in_after_a_moment(house: House) -> None:
    house.comes(source="127.0.0.2")
    house.now_s += SILENT_S / 2
    house.comes(HEALTH[:7], source="127.0.0.3")
    assert house.all_handed_in() == []
    house.now_s += SILENT_S / 2
    house.turn()
    assert house.all_handed_in() == [("127.0.0.2", b"")]
    house.now_s += SILENT_S / 2
    house.turn()
    assert house.all_handed_in() == [("127.0.0.3", HEALTH[:7])]


def test_who_speaks_after_it_was_handed_in_speaks_with_the_server(house: House) -> None:
    house.tells(WELL)
    wire = house.comes()
    house.now_s += SILENT_S
    house.turn()
    wire.say(HEALTH_CHECK)
    house.turn()
    assert house.all_handed_in() == [("127.0.0.1", HEALTH_CHECK)]


def test_who_hangs_up_without_a_word_is_nobody(house: House) -> None:
    house.comes().socket.close()
    house.turn()
    house.now_s += SILENT_S
    house.turn()
    assert house.all_handed_in() == []


def test_a_crowd_of_silent_ones_pushes_nobody_else_in(house: House) -> None:
    house.tells(WELL)
    wire = house.comes(HEALTH_CHECK[:5], source="127.0.0.2")
    for _ in range(SILENT_MAX + 10):
        house.comes(source="127.0.0.3")
    assert {source for source, _said in house.all_handed_in()} == {"127.0.0.3"}
    wire.say(HEALTH_CHECK[5:])
    house.turn()
    assert wire.answer().status == 200


def test_a_busy_server_takes_clients_in_turns_and_health_is_answered_meanwhile(house: House) -> None:
    house.tells(WELL)
    before = 100
    for _ in range(before):
        house.comes(b"POST /flood ", source="127.0.0.3")
    house.comes(b"POST /report", source="127.0.0.2")
    assert house.comes(HEALTH_CHECK, source="127.0.0.3").answer().status == 200
    order = [source for source, _said in house.all_handed_in()]
    assert len(order) == before + 1
    in_flight = 1 + order.index("127.0.0.2")
    assert in_flight < before / 2  # those that the channel held; the report came next


def fill_the_channel(house: House) -> None:
    """The server is busy: whoever comes now waits."""
    while not len(house.porter._waiting):
        house.comes(b"POST /flood ", source="127.0.0.3")


def test_when_too_many_wait_the_newest_of_whoever_has_most_is_closed(house: House) -> None:
    fill_the_channel(house)
    report = house.comes(b"POST /report", source="127.0.0.2")
    while len(house.porter._waiting) < WAITING_MAX:
        house.comes(b"POST /flood ", source="127.0.0.3")
    assert house.comes(b"POST /flood ", source="127.0.0.3").is_closed()
    assert len(house.porter._waiting) == WAITING_MAX
    sources = [source for source, _said in house.all_handed_in()]
    assert sources.count("127.0.0.2") == 1
    assert not report.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def test_of_equals_the_newcomer_is_closed_and_not_whoever_waited_longest(house: House) -> None:
    fill_the_channel(house)
    places = range(WAITING_MAX - 1)
    waiting = [house.comes(b"POST /report", source=f"127.0.1.{place}") for place in places]
    assert house.comes(b"POST /report", source="127.0.2.1").is_closed()
    sources = [source for source, _said in house.all_handed_in()]
    assert {f"127.0.1.{place}" for place in places} <= set(sources)
    assert len(waiting) == WAITING_MAX - 1


def test_who_gave_up_meanwhile_is_not_handed_in(house: House) -> None:
    fill_the_channel(house)
    house.comes(b"GET /login ", source="127.0.0.4").socket.close()
    house.comes(b"GET /login ", source="127.0.0.5")
    sources = {source for source, _said in house.all_handed_in()}
    assert sources == {"127.0.0.3", "127.0.0.5"}


@pytest.mark.parametrize("number", [errno.ETOOMANYREFS, errno.ENOBUFS])
def test_where_nobody_can_be_handed_in_it_tries_again_after_a_moment(
    house: House, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The channel can be written to meanwhile, and says so without an end."""
    house.tells(WELL)

    def refuse(*_given: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(socket, "send_fds", refuse)
        house.comes(b"POST /report", source="127.0.0.2")
        assert house.porter._wait_s() == pytest.approx(NO_ROOM_PAUSE_S)
        assert house.porter._poll.poll(0) == []
        assert house.comes(HEALTH_CHECK).answer().status == 200
    house.now_s += NO_ROOM_PAUSE_S
    house.turn()
    assert house.all_handed_in() == [("127.0.0.2", b"POST /report")]


def test_it_says_a_word_at_its_beginning_and_for_each_notice(house: House) -> None:
    for _ in range(3):
        house.tells(WELL)
    assert [house.channel.recv(10) for _ in range(4)] == [HERE] * 4


def test_it_ends_when_the_server_has(house: House) -> None:
    house.channel.close()
    with pytest.raises(ServerGone):
        house.turn()


def test_it_ends_when_the_server_has_while_somebody_waits(house: House) -> None:
    fill_the_channel(house)
    last = house.wires[-1]
    silent = house.comes(source="127.0.0.2")
    house.channel.close()
    house.porter.run()  # comes to its end
    assert last.is_closed()
    assert silent.is_closed()
