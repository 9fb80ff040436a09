"""The webhook: signed in both directions, bounded, and nothing secret where it does not belong."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
from fastapi.testclient import TestClient
from protocol import uplink

from backoffice.context import Context
from backoffice.errors import SmsNotAuthentic, SmsPlatformRefused, SmsPlatformUnreachable
from backoffice.sms import signing
from backoffice.sms.secret import SmsSecrets
from backoffice.sms.webhook import WebhookPlatform
from tests.host.backoffice.machines import Machine
from tests.host.backoffice.sms.support import NUMBER, Forwarder, coming, going, work
from tests.host.backoffice.support import HandClock

IN = "/api/v1/sms/webhook"


def body(content: bytes = b"x", **more: object) -> bytes:
    return json.dumps({"id": "1", "from": NUMBER, "data": base64.b64encode(content).decode()} | more).encode()


def as_bytes(headers: dict[str, str]) -> dict[bytes, bytes]:
    """Headers that no client library would send."""
    return {name.encode(): value.encode() for name, value in headers.items()}


class _Handler(BaseHTTPRequestHandler):
    requests: ClassVar[list[tuple[str, dict[str, str], bytes]]]
    answer: ClassVar[list[tuple[int, bytes]]]

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append((self.path, dict(self.headers), content))
        status, answer = self.answer[-1]
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


Remote = tuple[str, type[_Handler]]


@pytest.fixture
def remote() -> Iterator[Remote]:
    """A platform's address, and what it sees and says."""
    handler = type("Handler", (_Handler,), {"requests": [], "answer": [(200, b'{"id": "abc"}')]})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/send", handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_goes_out_is_signed(
    context: Context, machine: Machine, forwarder: Forwarder, secrets: SmsSecrets, clock: HandClock, remote: Remote
) -> None:
    url, seen = remote
    context.sms.platform = WebhookPlatform(url, secrets.webhook, clock)
    machine.exam(500)
    report = machine.report()
    forwarder.hand_in(report)
    work(context)
    ((path, headers, content),) = seen.requests
    signing.verify(secrets.webhook, headers, content, clock())
    with pytest.raises(SmsNotAuthentic):
        signing.verify(secrets.webhook, headers, content + b" ", clock())
    wanted = json.loads(content)
    assert (path, wanted["to"], wanted["parts"]) == ("/send", NUMBER, 1)
    assert uplink.open_ack(machine.key, report, base64.b64decode(wanted["data"])).ack_seq == 4
    (row,) = going(context)
    assert (str(row.id), row.state, row.provider_id) == (wanted["reference"], "submitted", "abc")
    assert secrets.webhook not in json.dumps([path, headers, content.decode()])


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (500, SmsPlatformUnreachable),
        (429, SmsPlatformUnreachable),
        (401, SmsPlatformUnreachable),
        (302, SmsPlatformUnreachable),
        (400, SmsPlatformRefused),
        (422, SmsPlatformRefused),
    ],
)
def test_what_the_platform_answers(clock: HandClock, remote: Remote, status: int, trouble: type[Exception]) -> None:
    url, seen = remote
    seen.answer.append((status, b"no"))
    with pytest.raises(trouble):
        WebhookPlatform(url, "s" * 32, clock).send(NUMBER, b"data", 1)


def test_a_platform_that_is_not_there(clock: HandClock) -> None:
    for url in ("http://127.0.0.1:1/", "", "http://127.0.0.1:99999/", "http://[/", "http://127.0.0.1:1/\u00fc"):
        with pytest.raises(SmsPlatformUnreachable):
            WebhookPlatform(url, "s" * 32, clock).send(NUMBER, b"data", 1)


@pytest.mark.parametrize(("status", "answer"), [(200, b""), (204, b""), (200, b"[1]"), (202, b'{"id": null}')])
def test_a_platform_that_says_no_number(clock: HandClock, remote: Remote, status: int, answer: bytes) -> None:
    url, seen = remote
    seen.answer.append((status, answer))
    assert WebhookPlatform(url, "s" * 32, clock).send(NUMBER, b"data", 1) is None


def test_forged_and_unsigned_requests_are_refused_and_nothing_is_stored(
    context: Context, client: TestClient, forwarder: Forwarder
) -> None:
    good = body()
    signed = signing.headers(forwarder.secrets.webhook, context.clock(), good)
    answers = [
        client.post(IN, content=good),
        client.post(IN, content=good, headers={signing.SIGNATURE_HEADER: "v1="}),
        client.post(IN, content=body(b"y"), headers=signed),
        client.post(IN, content=good, headers=signed | {signing.TIMESTAMP_HEADER: str(context.clock() + 1)}),
        client.post(IN, content=good, headers=signed | {signing.SIGNATURE_HEADER: "v2=" + "0" * 64}),
        client.post(IN, content=good, headers={**as_bytes(signed), b"X-Perscan-Signature": "v1=é".encode()}),
        forwarder.post(IN, good, secret="guess" * 10),
        forwarder.post(IN, good, secret=forwarder.secrets.kannel_in),
        client.post(IN + "/delivery", content=b'{"reference": "1", "state": "delivered"}'),
    ]
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [
        (401, "sms_not_authentic")
    ] * len(answers)
    assert coming(context) == []


@pytest.mark.parametrize("off_s", [-301, 301, 86400])
def test_an_old_request_cannot_be_sent_again(context: Context, forwarder: Forwarder, off_s: int) -> None:
    answer = forwarder.post(IN, body(), at=context.clock() + off_s)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "sms_stale")
    assert forwarder.post(IN, body(), at=context.clock() + off_s // abs(off_s) * 299).status_code == 200


@pytest.mark.parametrize("stamp", ["", "x", "-1", "1e9", "१२३", "9" * 40])
def test_a_timestamp_that_is_no_number(context: Context, client: TestClient, secrets: SmsSecrets, stamp: str) -> None:
    good = body()
    shown = signing.SCHEME + signing.signature(secrets.webhook, stamp, good)
    headers = as_bytes({signing.TIMESTAMP_HEADER: stamp, signing.SIGNATURE_HEADER: shown})
    assert client.post(IN, content=good, headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "sms_malformed"),
        (b"[]", 400, "sms_malformed"),
        (b"{", 400, "sms_malformed"),
        (b"\xff", 400, "sms_malformed"),
        (json.dumps({"id": "1", "from": NUMBER}).encode(), 400, "sms_malformed"),
        (body(more="x"), 400, "sms_malformed"),
        (body(id="x" * 121), 400, "sms_malformed"),
        (body(id=""), 400, "sms_malformed"),
        (body(data="no base64!"), 400, "sms_malformed"),
        (body(data="é"), 400, "sms_malformed"),
        (body(b""), 400, "sms_malformed"),
        (body(b"x" * 537), 413, "too_large"),
        (body(b"x" * 4000), 413, "too_large"),
        (body(sender="x" * 41), 400, "sms_malformed"),
    ],
)
def test_malformed_and_oversized_requests(
    context: Context, forwarder: Forwarder, content: bytes, status: int, code: str
) -> None:
    answer = forwarder.post(IN, content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert coming(context) == []


@pytest.mark.parametrize(
    "content",
    [
        {"reference": "x", "state": "sent"},
        {"reference": "1", "state": "lost"},
        {"reference": "12345678901", "state": "sent"},
    ],
)
def test_malformed_delivery_reports(forwarder: Forwarder, content: dict[str, str]) -> None:
    assert forwarder.post(IN + "/delivery", json.dumps(content).encode()).status_code == 400


def test_other_platforms_addresses_are_closed(client: TestClient, secrets: SmsSecrets) -> None:
    answers = [
        client.post("/api/v1/sms/kannel", content=b"x", headers={"X-Kannel-Service": secrets.kannel_in}),
        client.get(f"/api/v1/sms/kannel/delivery?reference=1&status=1&tag={secrets.delivery_tag(1)}"),
    ]
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(404, "sms_off")] * 2
