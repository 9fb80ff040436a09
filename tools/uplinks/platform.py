"""An SMS forwarding platform: what comes for the back office's number it hands in by signed JSON over HTTPS, what the
back office wants sent it takes by the same form over HTTP, as `backoffice/sms/webhook.py` describes it.

It is not perfect: it does not hear every answer, and hands the same message in again. It can see the answer to a report
arrive before it goes on the air, so it is who kills the server between commit and acknowledgement.
"""

import base64
import json
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import Any, Final

import httpx2

from backoffice.sms.secret import SmsSecrets
from backoffice.sms.signing import headers, verify
from backoffice.supervision import Worker
from tools.demo.errors import DemoFailed
from tools.uplinks.ways.way import Stage

OFFICE_NUMBER: Final = "+10690001"
NOT_HEARD: Final = 0.1  # how often the platform misses the back office's answer and hands in again
AGAIN_MS: Final = 30_000
HAND_IN_TIMES_MAX: Final = 40
ANSWER_PATIENCE_S: Final = 6.0  # real: the answer to a report follows at once, or the machine asks again
HTTP_TIMEOUT_S: Final = 10.0
TAKEN: Final = "taken"
SECRETS_FILE: Final = "sms.json"


class Platform:
    """Listens on a free loopback port until it is closed. ``kills`` = answers, counted from one."""

    def __init__(self, stage: Stage, kills: tuple[int, ...]) -> None:
        self.happened: Counter[str] = Counter()
        self.kills_done = 0
        self._stage, self._kills = stage, kills
        self._fate = stage.world.random("platform")
        self._answers = 0
        self._received = 0
        self._outgoing: SimpleQueue[tuple[str, bytes] | None] = SimpleQueue()
        self._secret = _make_secrets(stage)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._take))
        self._server.daemon_threads = True
        self._over = threading.Event()
        Worker("platform").start_thread(self._server.serve_forever, self._over)

    def office_settings(self) -> dict[str, str]:
        """What makes the back office use us."""
        return {
            "PERSCAN_SMS_PLATFORM": "webhook",
            "PERSCAN_SMS_SECRET_PATH": str(self._stage.office.folder / SECRETS_FILE),
            "PERSCAN_SMS_NUMBER": OFFICE_NUMBER,
            "PERSCAN_SMS_WEBHOOK_URL": f"http://127.0.0.1:{self._server.server_port}/send",
        }

    def connect(self) -> None:
        """The number is ours from now on."""
        self._http = httpx2.Client(timeout=HTTP_TIMEOUT_S, verify=self._stage.office.trust, trust_env=False)
        self._stage.world.phone.smsc.application(OFFICE_NUMBER, self._from_the_air)

    def close(self) -> None:
        """Hang up."""
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    # From machines to the back office. The world's own thread runs this, as an event of it.

    def _from_the_air(self, sender: str, data: bytes) -> None:
        self._received += 1
        self._hand_in({"id": f"mo-{self._received}", "from": sender, "data": base64.b64encode(data).decode()}, 1)

    def _hand_in(self, message: dict[str, str], times: int) -> None:
        state = self._post(json.dumps(message).encode())
        heard = state is not None and self._fate.random() >= NOT_HEARD
        if state == TAKEN:
            self._put_on_the_air()
        if heard:
            return
        self.happened["handed in again"] += 1
        if times < HAND_IN_TIMES_MAX:
            self._stage.world.at(AGAIN_MS, lambda: self._hand_in(message, times + 1))

    def _post(self, body: bytes) -> str | None:
        """What became of it; None: the back office cannot be reached, or cannot take it now."""
        if self._stage.office.address is None:
            return None
        self._stage.office.tell_time()
        signed = headers(self._secret, self._stage.office.now, body)
        try:
            answer = self._http.post(f"{self._stage.office.url}/api/v1/sms/webhook", content=body, headers=signed)
        except httpx2.TransportError:
            return None
        if answer.status_code == httpx2.codes.OK:
            return str(answer.json()["state"])
        if answer.status_code < httpx2.codes.INTERNAL_SERVER_ERROR:
            raise DemoFailed(f"the back office refuses a short message: {answer.status_code} {answer.text}")
        return None

    def _put_on_the_air(self) -> None:
        """What the back office wants sent; it follows within moments of real time, while the world's stands still."""
        try:
            wanted = self._outgoing.get(timeout=ANSWER_PATIENCE_S)
        except Empty:
            self.happened["answer not asked for"] += 1
            return
        while wanted is not None:
            self._stage.world.phone.smsc.send(OFFICE_NUMBER, *wanted)
            if self._outgoing.empty():
                return
            wanted = self._outgoing.get()

    # From the back office to machines. A thread of the HTTP server runs this.

    def _take(self, given: Any, body: bytes) -> dict[str, str] | None:
        """Its number of the message; None: no answer any more, the server is dead."""
        verify(self._secret, given, body, self._stage.office.now)
        wanted = json.loads(body)
        self._answers += 1
        if self.kills_done < len(self._kills) and self._answers >= self._kills[self.kills_done]:
            self._stage.office.kill()
            self.kills_done += 1
            self.happened["server killed before its answer"] += 1
            self._stage.server_died()
            self._outgoing.put(None)
            return None
        self._outgoing.put((wanted["to"], base64.b64decode(wanted["data"])))
        return {"id": f"mt-{self._answers}"}


def _make_secrets(stage: Stage) -> str:
    path = stage.office.folder / SECRETS_FILE
    SmsSecrets.fresh().write(path)
    return SmsSecrets.load(path).webhook


def _handler(take: Callable[[Any, bytes], dict[str, str] | None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = HTTP_TIMEOUT_S

        def do_POST(self) -> None:
            said = take(self.headers, self.rfile.read(int(self.headers["Content-Length"])))
            if said is None:
                self.close_connection = True
                return
            content = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    return Handler
