"""Machines that reach the real back office over TLS on Wi-Fi or GPRS, and by SMS through the emulated SMS centre."""

import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from fastapi.testclient import TestClient

from backoffice.context import Context
from backoffice.errors import BackOfficeError
from backoffice.tls import certificates
from emulator.cards.classic import ClassicCard
from emulator.checkers.journal_on_flash import read_journal
from emulator.device import Board
from emulator.flash import Flash
from emulator.kit import BatchOrder, TestAuthority, swipe_machine, tap
from emulator.kit.machines import MODEM_HEAP_WORDS_K, await_service
from emulator.sim800 import Sim
from emulator.world import World
from tests.host.backoffice.support import NOW, HandClock
from tests.host.system.wire import Wire, _Handler

NAME: Final = "uplink.example"  # in the server's certificate
OFFICE_NUMBER: Final = "+8610690001"
MACHINE_NUMBER: Final = "+8613900000001"
APN: Final = "internet"
SMS_BYTES: Final = 140
TWO_SMS_BYTES: Final = 266
BATCH, FIRST, COUNT, INSTITUTION, SEED = 7, 1000, 200, 10, 1
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS


class WorldClock(HandClock):
    """The back office's clock goes with the world's."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None

    def __call__(self) -> int:
        return NOW if self.world is None else NOW + self.world.now_us // 1_000_000


@dataclass
class TlsWire:
    """A listener that proves who it is, and the authority that vouches for it."""

    wire: Wire
    authority_der: bytes
    other_authority_der: bytes

    @property
    def port(self) -> int:
        return self.wire.port


class _TlsHandler(_Handler):
    protocol_version = "HTTP/1.1"
    timeout = 10


@contextmanager
def tls_listening() -> Iterator[TlsWire]:
    """A wire over TLS whose other end is not connected yet."""
    with tempfile.TemporaryDirectory() as folder:
        certificates.make(Path(folder) / "ours", [NAME])
        certificates.make(Path(folder) / "other", [NAME])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(Path(folder) / "ours/server.pem", Path(folder) / "ours/server.key")
        authorities = [(Path(folder) / name / "ca.der").read_bytes() for name in ("ours", "other")]
    server = ThreadingHTTPServer(("127.0.0.1", 0), _TlsHandler)
    server.daemon_threads = True
    server.block_on_close = False
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a machine that hangs up is no error here
    wire = Wire(server.server_port)
    server.RequestHandlerClass = type("Handler", (_TlsHandler,), {"wire": wire})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield TlsWire(wire, *authorities)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Images:
    """Flash images of machines that were provisioned and initialised once, by their settings."""

    authority: TestAuthority
    order: BatchOrder
    tls: TlsWire
    made: dict[str, bytes] = field(default_factory=dict)

    def settings(self, transport: str, **changes: object) -> dict[str, object]:
        return {
            "transport": transport,
            "server_host": "127.0.0.1",
            "server_port": self.tls.port,
            "server_tls": True,
            "server_name": NAME,
            "server_ca": self.tls.authority_der,
            "apn": APN,
            "sms_number": OFFICE_NUMBER,
            "sms_gather_s": 600,
            "report_s": 300,
            **changes,
        }

    def image(self, settings: dict[str, object]) -> bytes:
        name = repr(sorted(settings.items()))
        if name not in self.made:
            with World(seed=SEED) as world:
                machine = swipe_machine(
                    world, self.authority, "swipe", 1, INSTITUTION, settings, heap_words_k=MODEM_HEAP_WORDS_K
                )
                assert tap(machine, self.authority.batch_card(self.order))["reason"] == "granted"
                self.made[name] = machine.flash.image()
        return self.made[name]


@dataclass
class Uplinks:
    """One world with a phone network, the real back office at its other end, and a machine."""

    world: World
    images: Images
    context: Context
    client: TestClient
    short_messages: int = 0  # that reached the back office
    refused: int = 0

    def machine(self, transport: str, *, wifi: bool = True, sim: Sim | None = None, **changes: object) -> Board:
        """Awake, with everything it may need: whoever wants a fault makes it before or after."""
        return self.wake("machine", self.images.image(self.images.settings(transport, **changes)), wifi=wifi, sim=sim)

    def wake(self, name: str, image: bytes, *, wifi: bool = True, sim: Sim | None = None) -> Board:
        board = self.world.board(name, flash=Flash(image, SEED), heap_words_k=MODEM_HEAP_WORDS_K)
        board.network.up = wifi
        board.modem.sim = sim or Sim(MACHINE_NUMBER, apn=APN)
        board.power_on()
        await_service(board)
        return board

    def take_sms(self, sender: str, message: bytes) -> None:
        """What a forwarding platform and the back office's adapter do: the sealed ack goes back as an SMS."""
        self.short_messages += 1
        portal = self.client.portal
        assert portal is not None
        try:
            taken = portal.call(self.context.ingest.take_incoming, message, SMS_BYTES, TWO_SMS_BYTES)
        except BackOfficeError:
            self.refused += 1
            return
        self.world.phone.smsc.send(OFFICE_NUMBER, sender, taken.sealed_ack())

    def card(self, credit: int) -> ClassicCard:
        return self.images.authority.one_time_card(self.images.order, credit)

    def exam(self, machine: Board, credit: int) -> None:
        assert tap(machine, self.card(credit))["reason"] == "granted"
        machine.host.call("swipe.end")


def links_told(machine: Board) -> list[tuple[str, str]]:
    """(link, reason) of every switch the machine told of since it was asked last."""
    told = machine.host.take_notifications("link")
    return [(message["params"]["link"], message["params"]["reason"]) for message in told]


def status(machine: Board) -> dict[str, Any]:
    answer: dict[str, Any] = machine.host.call("status")
    return answer


def reported(machine: Board, timeout_ms: int = 10 * MINUTE_MS) -> bool:
    """Until the machine knows that the back office has everything."""
    for _ in range(timeout_ms // 5000):
        if status(machine)["journal"]["pending"] == 0:
            return True
        machine.world.run_for(5000)
    return False


def heard(machine: Board, timeout_ms: int = 3 * MINUTE_MS) -> bool:
    """Until the first answer has come. The clock that it sets is an entry that gathers with others."""
    for _ in range(timeout_ms // 5000):
        if status(machine)["uplink"]["last_ack_time"]:
            return True
        machine.world.run_for(5000)
    return False


def on_flash(machine: Board, kind: int) -> list[Any]:
    """Entries of a kind, read from outside."""
    return list(read_journal(machine.flash.image()).of(kind))
