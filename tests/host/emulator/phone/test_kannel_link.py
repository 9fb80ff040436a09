"""The link to a Kannel, against its line protocol; tests/host/system/test_kannel.py has the real bearerbox."""

import queue
import socket
import threading
from collections.abc import Iterator

import pytest
from gsm.network_pdu import encode_deliver
from gsm.pdu import decode_deliver

from emulator.phone.kannel import FakeSmscLink, line_of, parse_line
from emulator.phone.smsc import Message
from emulator.world import World

from .conftest import Handset

NUMBER = "10690001"


class Bearerbox(threading.Thread):
    """Takes one client after another; answers each line with what it is told."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(daemon=True)
        self.lines: queue.Queue[bytes] = queue.Queue()
        self.answers: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", port))
        self.address = ("127.0.0.1", int(self.listener.getsockname()[1]))
        self.peer: socket.socket | None = None
        self.start()

    def run(self) -> None:
        while True:
            try:
                self.peer, _ = self.listener.accept()
            except OSError:
                return
            with self.peer, self.peer.makefile("rb") as lines:
                try:
                    for line in lines:
                        if self.answers:
                            self.peer.sendall(self.answers.pop(0))
                        self.lines.put(line)
                except OSError:
                    continue

    def stop(self) -> None:
        if self.peer:
            self.hang_up()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join()

    def hang_up(self) -> None:
        assert self.peer
        try:
            self.peer.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


@pytest.fixture
def kannel() -> Iterator[Bearerbox]:
    made = Bearerbox()
    yield made
    made.stop()


def test_messages_go_to_kannel_and_its_answers_come_back(world: World, handset: Handset, kannel: Bearerbox) -> None:
    link = FakeSmscLink(world, kannel.address, [NUMBER])
    kannel.answers.append(f"{NUMBER} {handset.number} data ack+%00%ff%2b\n".encode())
    handset.send(NUMBER, b"report \x00\n%+")
    world.run_for(30_000)
    assert kannel.lines.get(timeout=5) == f"{handset.number} {NUMBER} data report+%00%0A%25%2B\n".encode()
    assert handset.contents == [b"ack \x00\xff+"]
    assert (link.sent, link.received) == (1, 1)
    link.close()


def test_while_kannel_is_away_messages_wait(world: World, handset: Handset, kannel: Bearerbox) -> None:
    link = FakeSmscLink(world, kannel.address, [NUMBER])
    handset.send(NUMBER, b"first")
    world.run_for(30_000)
    kannel.lines.get(timeout=5)
    kannel.hang_up()
    kannel.listener.shutdown(socket.SHUT_RDWR)
    kannel.listener.close()
    kannel.join()
    world.network_patience_ms = 50
    world.run_for(60_000)
    assert not link.connected
    handset.send(NUMBER, b"second")
    world.run_for(60_000)
    again = Bearerbox(kannel.address[1])
    world.run_for(60_000)
    assert again.lines.get(timeout=5).endswith(b"second\n")
    link.close()
    again.stop()
    kannel.listener = socket.create_server(("127.0.0.1", 0))


def test_in_real_time_too(kannel: Bearerbox) -> None:
    with World(real_time=True) as world:
        phone = Handset(world.phone, "+8613900000005")
        world.phone.register(phone)
        world.phone.smsc.faults.delay_s = (0.0, 0.01)
        link = FakeSmscLink(world, kannel.address)
        kannel.answers.append(b"100 +8613900000005 text hello there\r\n")
        world.phone.smsc.send(phone.number, "100", b"anybody's")
        assert world.run_until(lambda: bool(phone.messages))
        assert phone.messages[0].text == "hello there"
        link.close()


@pytest.mark.parametrize(
    ("line", "data", "part", "text"),
    [
        (b"1 +2 data %00+%2b", b"\0 +", (1, 1), None),
        (b"1 +2 udh %05%00%03%07%02%01 ab+c", b"ab c", (1, 2), None),
        (b"1 +2 udh %05%00%03%07%02%02 data ab+c", b"ab c", (2, 2), None),
        (b"1 +2 text two words", b"", (1, 1), "two words"),
        (b"1 +2 ucs-2 %4E%09", b"", (1, 1), "三"),
    ],
)
def test_lines_of_kannel(line: bytes, data: bytes, part: tuple[int, int], text: str | None) -> None:
    sender, receiver, pdu = parse_line(line, 1_800_000_000)
    message = decode_deliver(pdu)
    assert (sender, receiver, message.sender) == ("1", "+2", "1")
    assert (message.data, (message.part, message.parts), message.text) == (data, part, text)


def test_a_part_has_its_header_and_text_is_text() -> None:
    part = Message("+1", "2", encode_deliver("+1", b"ab c", 0, 7, 1, 2), 0)
    assert line_of(part) == b"+1 2 udh %05%00%03%07%02%01 ab+c\n"
    assert line_of(Message("+1", "2", encode_deliver("+1", "hi you", 0), 0)) == b"+1 2 text hi you\n"


@pytest.mark.parametrize("line", [b"", b"1", b"1 2", b"1 2 text", b"1 2 smoke x", b"1 2 udh %05 x", b"\xff" * 99])
def test_what_is_no_message_is_ignored(world: World, kannel: Bearerbox, line: bytes, handset: Handset) -> None:
    link = FakeSmscLink(world, kannel.address, [NUMBER])
    kannel.answers.append(line + b"\n" + f"{NUMBER} {handset.number} text fine\n".encode())
    handset.send(NUMBER, b"x")
    world.run_for(30_000)
    assert [message.text for message in handset.messages] == ["fine"]
    assert len(link.ignored_lines) == 1
    link.close()
