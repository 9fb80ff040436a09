"""The relay does what the faults say, with a plain server behind it whose every word is known."""

import random
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tools.uplinks.faults import Fault, Faults
from tools.uplinks.office import Office
from tools.uplinks.relay import Relay

TIMEOUT_S = 10


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        counting: CountingOffice = self.server.counting  # type: ignore[attr-defined]
        while asked := self.request.recv(100):
            counting.heard.append(asked)
            self.request.sendall(b"ack " + asked)


@dataclass
class CountingOffice:
    """Stands where the back office does: stores every word, and can be killed."""

    heard: list[bytes] = field(default_factory=list)
    address: tuple[str, int] | None = None
    killed: int = 0

    def entries(self) -> int:
        return len(self.heard)

    def tell_time(self) -> None:
        """It has no clock."""

    def kill(self) -> None:
        self.killed += 1
        self.address = None


@contextmanager
def serving() -> Iterator[CountingOffice]:
    office = CountingOffice()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        cast(Any, server).counting = office
        office.address = server.server_address  # type: ignore[assignment]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield office
        server.shutdown()
        thread.join()


class Fated(Faults):
    """Faults in the order in which a test wants them."""

    def __init__(self, *fates: Fault) -> None:
        super().__init__(random.Random(0), refused=0)  # noqa: S311
        self._fates = list(fates)

    def of_exchange(self) -> Fault:
        self.exchanges += 1
        fault = self._fates.pop(0) if self._fates else Fault.NONE
        self.seen[fault] += 1
        return fault


@dataclass
class Bench:
    office: CountingOffice
    relay: Relay
    died: list[str]

    def ask(self, words: bytes) -> bytes:
        """On a connection of its own; nothing = it was cut."""
        with self.connect() as line:
            return say(line, words)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.relay.port), TIMEOUT_S)


def say(line: socket.socket, words: bytes) -> bytes:
    try:
        line.sendall(words)
        return line.recv(100)
    except ConnectionError:
        return b""


@contextmanager
def bench(*fates: Fault) -> Iterator[Bench]:
    died: list[str] = []
    with serving() as office:
        relay = Relay(cast(Office, office), Fated(*fates), lambda: died.append("killed"), tls=False)
        try:
            yield Bench(office, relay, died)
        finally:
            relay.close()


def test_what_is_not_spoilt_passes_and_is_counted() -> None:
    with bench() as b:
        assert b.ask(b"one") == b"ack one"
        assert (b.relay.bytes_up, b.relay.bytes_down) == (3, 7)


def test_several_exchanges_on_one_connection_have_a_fate_each() -> None:
    with bench(Fault.NONE, Fault.NONE, Fault.ANSWER_LOST) as b, b.connect() as line:
        assert [say(line, words) for words in (b"one", b"two", b"three")] == [b"ack one", b"ack two", b""]
        assert b.office.heard == [b"one", b"two", b"three"]
        assert b.relay.connections == 1


def test_a_lost_report_never_arrives() -> None:
    with bench(Fault.LOST) as b:
        assert b.ask(b"one") == b""
        assert b.ask(b"two") == b"ack two"
        assert b.office.heard == [b"two"]


def test_a_lost_answer_leaves_a_stored_report() -> None:
    with bench(Fault.ANSWER_LOST) as b:
        assert b.ask(b"one") == b""
        assert b.office.heard == [b"one"]


def test_a_late_report_is_overtaken() -> None:
    with bench(Fault.LATE) as b:
        assert b.ask(b"one") == b""
        assert [b.ask(words) for words in (b"two", b"three", b"four")] == [b"ack two", b"ack three", b"ack four"]
        assert b.office.heard == [b"two", b"three", b"one", b"four"]


def test_what_is_late_at_the_end_arrives_after_everything() -> None:
    with bench(Fault.LATE) as b:
        b.ask(b"one")
        b.ask(b"two")
        b.relay.deliver_what_is_late()
        assert b.office.heard == [b"two", b"one"]


def test_a_hang_answers_nothing_and_ends_nothing() -> None:
    with bench(Fault.HANG) as b, b.connect() as line:
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            say(line, b"one")
        assert b.office.heard == [b"one"]


def test_the_server_dies_when_it_has_stored_and_before_its_answer_is_out() -> None:
    with bench(Fault.KILLED) as b:
        assert b.ask(b"one") == b""
        assert (b.office.heard, b.office.killed, b.died) == ([b"one"], 1, ["killed"])
        assert b.ask(b"two") == b"", "a dead server takes nothing"
        assert b.office.heard == [b"one"]


def test_a_server_that_stored_nothing_new_is_not_killed() -> None:
    with bench(Fault.KILLED) as b:
        b.office.entries = lambda: 0  # type: ignore[method-assign]
        assert b.ask(b"one") == b"ack one"
        assert b.office.killed == 0
