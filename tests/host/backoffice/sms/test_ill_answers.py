"""A platform may answer anything: one message was not sent, or was, and the worker goes on."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from backoffice.context import Context
from backoffice.errors import SmsPlatformUnreachable, StorageFull
from backoffice.sms import http_client
from backoffice.sms.webhook import WebhookPlatform
from tests.host.backoffice.machines import Machine
from tests.host.backoffice.sms.support import NUMBER, OTHER_NUMBER, Counter, Forwarder, going, work
from tests.host.backoffice.support import HandClock

WAIT_S = 30.0
Say = Callable[[socket.socket], None]


class IllServer:
    """Hears one request after the other, and says what it is told to, byte for byte."""

    def __init__(self) -> None:
        self.say: Say = lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        self.requests = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return "http://{}:{}/send".format(*self._listener.getsockname())

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(WAIT_S)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.requests += 1
                connection.recv(65536)
                try:
                    self.say(connection)
                except OSError:
                    continue  # it hung up, as it should


@pytest.fixture
def ill() -> Iterator[IllServer]:
    server = IllServer()
    yield server
    server.close()


@pytest.fixture
def platform_there(ill: IllServer, clock: HandClock) -> WebhookPlatform:
    return WebhookPlatform(ill.url, "s" * 32, clock)


def says(body: bytes, status: bytes = b"200 OK") -> Say:
    head = b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
    return lambda connection: connection.sendall(head + body)


BODIES = {
    "a lone surrogate": b'{"id": "\\ud800"}',
    "half a surrogate in bytes": b'{"id": "\xed\xa0\x80"}',
    "a number without end": b'{"id": ' + b"9" * 5000 + b"}",
    "a number beyond 64 bits": b'{"id": 99999999999999999999}',
    "infinity": b'{"id": 1e999}',
    "no number at all": b'{"id": NaN}',
    "a fraction": b'{"id": 1.5}',
    "truth": b'{"id": true}',
    "a list": b'{"id": ["7"]}',
    "an object": b'{"id": {"id": "7"}}',
    "nested too deep": b"[" * 60_000,
    "an id nested too deep": b'{"id": ' + b"[" * 60_000,
    "a NUL": b'{"id": "7\\u0000"}',
    "a line end": b'{"id": "7\\n8"}',
    "nothing": b'{"id": ""}',
    "too long": b'{"id": "' + b"7" * 121 + b'"}',
    "no UTF-8": b"\xff\xfe\x00",
    "a page": b"<!doctype html><title>It works</title>",
    "a body of 60 MB": b"x" * 60_000_000,
    "cut short": b'{"id": "7',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_it_took_was_taken_whatever_it_calls_it(
    ill: IllServer, platform_there: WebhookPlatform, body: bytes
) -> None:
    ill.say = says(body)
    assert platform_there.send(NUMBER, b"data", 1) is None


@pytest.mark.parametrize("body", [b'{"id": 7}', b'{"id": "7", "more": [NaN, {}]}'])
def test_what_makes_sense_is_kept(ill: IllServer, platform_there: WebhookPlatform, body: bytes) -> None:
    ill.say = says(body)
    assert platform_there.send(NUMBER, b"data", 1) == "7"


def for_ever(piece: bytes, before: bytes = b"") -> Say:
    def say(connection: socket.socket) -> None:
        connection.sendall(before)
        while True:
            connection.sendall(piece)

    return say


def then_silence(before: bytes) -> Say:
    def say(connection: socket.socket) -> None:
        connection.sendall(before)
        connection.recv(1)  # until the other side hangs up

    return say


def dripping(before: bytes) -> Say:
    def say(connection: socket.socket) -> None:
        connection.sendall(before)
        pause = threading.Event()
        while True:
            connection.sendall(b"x")
            pause.wait(http_client.TIMEOUT_S / 5)

    return say


HEADS: dict[str, Say] = {
    "continues for ever": for_ever(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a status line without end": for_ever(b"H" * 1000),
    "headers without end": for_ever(b"X: " + b"y" * 1000 + b"\r\n", b"HTTP/1.1 200 OK\r\n"),
    "a head in drops": dripping(b"HTTP/1.1 200 OK\r\nX: "),
    "nothing": then_silence(b""),
    "half a head": then_silence(b"HTTP/1.1 200 OK\r\n"),
    "no HTTP": lambda connection: connection.sendall(b"\x16\x03\x03\x00\x00\xff" * 10),
    "another protocol": lambda connection: connection.sendall(b"HTTP/9.9 200 OK\r\n\r\n"),
    "a status of letters": lambda connection: connection.sendall(b"HTTP/1.1 abc OK\r\n\r\n"),
    "a redirect to itself": says(b"", b"302 Found\r\nLocation: /send"),
}


@pytest.mark.parametrize("say", HEADS.values(), ids=HEADS)
def test_what_gives_no_answer_in_time_is_out_of_reach(
    ill: IllServer, platform_there: WebhookPlatform, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "TIMEOUT_S", 0.3)
    ill.say = say
    with pytest.raises(SmsPlatformUnreachable):
        platform_there.send(NUMBER, b"data", 1)
    assert ill.requests == 1


@pytest.mark.parametrize(
    "say",
    [
        dripping(b"HTTP/1.1 200 OK\r\n\r\n"),
        for_ever(b"x" * 1000, b"HTTP/1.1 200 OK\r\n\r\n"),
        for_ever(b"5;" + b"x" * 100, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        then_silence(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"),
        then_silence(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    ],
)
def test_a_body_that_never_ends_takes_nothing_back(
    ill: IllServer, platform_there: WebhookPlatform, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform has the message: to send it again would only cost."""
    monkeypatch.setattr(http_client, "TIMEOUT_S", 0.3)
    ill.say = say
    assert platform_there.send(NUMBER, b"data", 1) is None


def test_the_worker_sends_the_next_one(
    context: Context, machine: Machine, forwarder: Forwarder, ill: IllServer, platform_there: WebhookPlatform
) -> None:
    context.sms.platform = platform_there
    ill.say = says(BODIES["a lone surrogate"])
    for credit in (500, 501):
        machine.exam(credit)
        forwarder.hand_in(machine.report())
        work(context)
    assert [(row.state, row.provider_id) for row in going(context)] == [("submitted", None)] * 2


def test_what_nobody_foresaw_is_one_messages_trouble(
    app: FastAPI, context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    counter.trouble = ZeroDivisionError("in a library that reads answers")
    with capture_logs() as said:
        work(context)
    assert [(event["work"], event["failures"]) for event in said if event["event"] == "work_failed"] == [("sms", 1)]
    assert TestClient(app).get("/health").json()["workers"]["sms"] == "unwell"
    assert [(row.state, row.error) for row in going(context)] == [("queued", "sms_platform_unreachable")]
    counter.trouble = None
    clock.now = going(context)[0].next_at
    work(context)
    assert [row.state for row in going(context)] == ["submitted"]


def test_a_message_that_cannot_be_decided_for_a_reason_that_nobody_foresaw_keeps_no_other_waiting(
    context: Context,
    machine: Machine,
    forwarder: Forwarder,
    counter: Counter,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def poisonous(message: bytes, *more: object) -> object:
        if message == b"poison":
            raise ZeroDivisionError
        return await take(message, *more)  # type: ignore[arg-type]

    take = context.ingest.take_incoming
    monkeypatch.setattr(context.ingest, "take_incoming", poisonous)
    machine.exam(500)
    client = TestClient(forwarder.client.app, raise_server_exceptions=False)
    poisoned = Forwarder(client, context, forwarder.secrets)
    for number in range(25):
        assert poisoned.hand_in(b"poison", OTHER_NUMBER, f"p{number}").status_code == 500
    monkeypatch.setattr(context.ingest, "take_incoming", _away)
    assert forwarder.hand_in(machine.report(), provider_id="good").status_code == 507
    monkeypatch.setattr(context.ingest, "take_incoming", poisonous)
    clock.now += 120
    with capture_logs():
        for _ in range(2):
            work(context)
    assert [row.state for row in going(context)] == ["submitted"]


async def _away(*_args: object) -> None:
    raise StorageFull
