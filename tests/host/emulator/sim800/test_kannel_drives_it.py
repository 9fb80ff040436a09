"""Kannel's own AT driver on a lone modem's terminal: whoever runs Kannel with a GSM modem talks to ours as well."""

import http.client
import http.server
import queue
import secrets
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.sim800.lone import LoneModem
from tests.host.system.kannel_box import BEARERBOX, SMSBOX, Ports, require_kannel, running_box

SERVICE = "+8610690001"
WAIT_S = 30
ATTEMPTS = 5
CONFIGURATION = """group = core
admin-port = {ports.admin}
admin-interface = 127.0.0.1
admin-password = {password}
smsbox-port = {ports.boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1

group = smsc
smsc = at
smsc-id = modem
modemtype = sim800
device = {device}
speed = 115200
my-number = {number}
sim-buffering = true

group = modems
id = sim800
name = "SIM800"
detect-string = "SIM800"
init-string = "AT+CNMI=2,1,0,0,0"
message-storage = "SM"

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {ports.boxes}
sendsms-port = {ports.sendsms}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = us
password = {password}
max-messages = 4
concatenation = true

group = sms-service
keyword = default
get-url = "http://127.0.0.1:{office}/?from=%p&bin=%b"
max-messages = 0
catch-all = true
"""


class Office(http.server.ThreadingHTTPServer):
    """Where Kannel brings what came in."""

    def __init__(self) -> None:
        self.got: queue.Queue[tuple[str, bytes]] = queue.Queue()
        got = self.got

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = urllib.parse.parse_qs(self.path.partition("?")[2], encoding="latin-1")
                got.put((query["from"][0], query["bin"][0].encode("latin-1")))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def office() -> Iterator[Office]:
    with Office() as made:
        yield made
        made.shutdown()


def send(ports: Ports, password: str, data: bytes) -> None:
    fields = {"username": "us", "password": password, "from": "office", "to": SERVICE, "coding": "1"}
    query = f"{urllib.parse.urlencode(fields)}&text={urllib.parse.quote_from_bytes(data)}"
    for _ in range(ATTEMPTS):  # while it starts, smsbox may hang up on a caller
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{ports.sendsms}/cgi-bin/sendsms?{query}", timeout=WAIT_S
            ) as answer:
                assert answer.status == 202
                return
        except http.client.RemoteDisconnected:
            continue
    pytest.fail("smsbox does not answer")


def test_kannel_sends_and_receives_through_the_modem(tmp_path: Path, office: Office) -> None:
    require_kannel()
    ports, password = Ports.free(), secrets.token_hex(8)
    got: queue.Queue[tuple[str, bytes]] = queue.Queue()
    with LoneModem() as lone:
        lone.network.smsc.faults.delay_s = (0.0, 0.1)
        lone.network.smsc.application(SERVICE, lambda sender, content: got.put((sender, content)))
        number = lone.modem.number
        configuration = tmp_path / "kannel.conf"
        configuration.write_text(
            CONFIGURATION.format(
                ports=ports, password=password, device=lone.pty, number=number, office=office.server_port
            )
        )
        with running_box(BEARERBOX, configuration, tmp_path) as bearerbox:
            bearerbox.wait_for("AT SMSC successfully opened")
            with running_box(SMSBOX, configuration, tmp_path) as smsbox:
                smsbox.wait_for("Connected to bearerbox")
                bearerbox.wait_for("Client connected from <127.0.0.1>")
                send(ports, password, bytes(range(100)))
                assert got.get(timeout=WAIT_S) == (number, bytes(range(100)))
                send(ports, password, bytes(256))
                assert got.get(timeout=WAIT_S) == (number, bytes(256))
                lone.network.smsc.send(SERVICE, number, b"\0\1 for the office")
                assert office.got.get(timeout=WAIT_S) == (SERVICE, b"\0\1 for the office")
