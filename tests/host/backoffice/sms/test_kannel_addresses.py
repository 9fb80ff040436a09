"""The addresses that Kannel calls and the one that we call, without Kannel (it is in tests/host/system)."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from backoffice.context import Context
from backoffice.errors import SmsPlatformRefused, SmsPlatformUnreachable
from backoffice.sms.kannel import KannelPlatform
from backoffice.sms.secret import SmsSecrets
from tests.host.backoffice.machines import Machine
from tests.host.backoffice.sms.support import NUMBER, Counter, coming, going, work

IN = "/api/v1/sms/kannel?id=2dbad868-fbf6-4427-8692-39107c1b0205"


@pytest.fixture
def platform() -> str:
    return "kannel"


class KannelCounter(Counter):
    name = "kannel"


def hand_in(client: TestClient, secrets: SmsSecrets, data: bytes, address: str = IN, **headers: str) -> Response:
    shown = {
        "Content-Type": "application/octet-stream",
        "X-Kannel-From": NUMBER,
        "X-Kannel-Coding": "1",
        "X-Kannel-Service": secrets.kannel_in,
    }
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(address, content=data, headers=shown | given)


def test_a_report_from_kannel(context: Context, machine: Machine, client: TestClient, secrets: SmsSecrets) -> None:
    machine.exam(500)
    answer = hand_in(client, secrets, machine.report())
    assert (answer.status_code, answer.content, answer.headers["x-perscan-state"]) == (200, b"", "taken")
    assert hand_in(client, secrets, machine.report()).status_code == 200  # Kannel tries again when an answer was lost
    assert [(row.platform, row.sender, row.repeats) for row in coming(context)] == [("kannel", NUMBER, 1)]


def test_what_will_never_be_a_report_is_settled_without_a_text(
    context: Context, client: TestClient, secrets: SmsSecrets
) -> None:
    answer = hand_in(client, secrets, "Win 1000 €!".encode(), X_Kannel_Coding="0")
    assert (answer.status_code, answer.content, answer.headers["x-perscan-state"]) == (200, b"", "refused")


def test_forged_and_oversized_requests_are_refused(context: Context, client: TestClient, secrets: SmsSecrets) -> None:
    assert client.post(IN, content=b"x").status_code == 401
    for shown in ("", "perscan", secrets.kannel_out, secrets.kannel_in[:-1], secrets.kannel_in + "0", "A" * 10_000):
        answer = hand_in(client, secrets, b"x", X_Kannel_Service=shown)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "sms_not_authentic")
    assert hand_in(client, secrets, b"x" * 537).status_code == 413
    assert hand_in(client, secrets, b"").status_code == 400
    assert hand_in(client, secrets, b"x", "/api/v1/sms/kannel").status_code == 400
    assert hand_in(client, secrets, b"x", "/api/v1/sms/kannel?id=" + "9" * 121).status_code == 400
    assert hand_in(client, secrets, b"x", X_Kannel_UDH="%05%00%03%01%02%01").status_code == 400
    assert coming(context) == []


def test_delivery_reports_need_the_tag_of_their_sms(
    context: Context, machine: Machine, client: TestClient, secrets: SmsSecrets
) -> None:
    context.sms.platform = KannelCounter()
    machine.exam(500)
    hand_in(client, secrets, machine.report())
    work(context)
    reference = going(context)[0].id or 0

    def call(status: object, tag: str, named: object = reference) -> int:
        wanted = {"reference": str(named), "tag": tag, "status": str(status)}
        return client.get("/api/v1/sms/kannel/delivery", params=wanted).status_code

    good = secrets.delivery_tag(reference)
    assert call(1, secrets.delivery_tag(reference + 1)) == 401
    assert call(1, "") == 401
    assert call(1, good, reference + 1) == 401
    assert call(1, "é") == 401
    assert call(3, good) == 400
    assert call("x", good) == 422
    assert going(context)[0].state == "submitted"
    assert [call(status, good) for status in (4, 8)] == [200, 200]
    assert going(context)[0].state == "sent"
    assert call(1, good) == 200
    assert call(8, good) == 200
    assert going(context)[0].state == "delivered"


class _Handler(BaseHTTPRequestHandler):
    status: ClassVar[list[int]]
    seen: ClassVar[list[tuple[str, dict[str, str], bytes]]]

    def do_POST(self) -> None:
        self.seen.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status[-1])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def sendsms() -> Iterator[tuple[str, type[_Handler]]]:
    handler = type("Handler", (_Handler,), {"status": [202], "seen": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/cgi-bin/sendsms", handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_no_secret_and_no_number_in_the_address_that_we_call(
    sendsms: tuple[str, type[_Handler]], secrets: SmsSecrets
) -> None:
    url, handler = sendsms
    kannel = KannelPlatform(url, "12345", "https://office.example", secrets)
    assert kannel.send(NUMBER, b"\x00\xff", 17) is None
    ((path, headers, content),) = handler.seen
    assert (path, content, headers["X-Kannel-Coding"]) == ("/cgi-bin/sendsms", b"\x00\xff", "1")
    assert (headers["X-Kannel-Password"], headers["X-Kannel-To"]) == (secrets.kannel_out, NUMBER)
    callback = headers["X-Kannel-DLR-URL"]
    assert callback.endswith(f"reference=17&tag={secrets.delivery_tag(17)}&status=%d")
    for secret in (secrets.kannel_in, secrets.kannel_out, secrets.delivery, secrets.webhook):
        assert secret not in callback


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (503, SmsPlatformUnreachable),
        (403, SmsPlatformUnreachable),
        (200, SmsPlatformUnreachable),
        (400, SmsPlatformRefused),
    ],
)
def test_what_kannel_answers(
    sendsms: tuple[str, type[_Handler]], secrets: SmsSecrets, status: int, trouble: type[Exception]
) -> None:
    url, handler = sendsms
    handler.status.append(status)
    with pytest.raises(trouble):
        KannelPlatform(url, "", "", secrets).send(NUMBER, b"x", 1)
