"""TLS against Python's own server on loopback, over the modem's stream and over Wi-Fi: same code, same proofs."""

import hashlib
import socket
import ssl
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.errors import HostError
from tests.host.drivers.certificates import Authority, new_authority
from tests.host.drivers.modem_bench import HOST, Behaviour, ModemBench

WAYS = ("wifi", "modem")
SEALED = bytes(range(250)) + b"sealed"


class TlsServer:
    """Answers each POST with what it got, reversed; notes what it saw of the client."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self.names: list[str | None] = []
        self.versions: list[str | None] = []
        self.failures: list[str] = []
        self.posts = 0
        self.close_after_each = False
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)

    def behave(self, connection: socket.socket) -> None:
        try:
            with self._context.wrap_socket(connection, server_side=True) as protected:
                self.versions.append(protected.version())
                while body := _body(protected):
                    self.posts += 1
                    closing = b"Connection: close\r\n" if self.close_after_each else b""
                    head = b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n" % (closing, len(body))
                    protected.sendall(head + body[::-1])
                    if self.close_after_each:
                        return
        except ssl.SSLError as error:
            self.failures.append(str(error.reason))


def _body(connection: ssl.SSLSocket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(4096)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(4096)
    return body


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority()


@pytest.fixture(scope="module")
def stranger() -> Authority:
    return new_authority()


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, modem: ModemBench) -> "Way":
    return Way(modem, request.param)


class Way:
    """One of the two, brought up."""

    def __init__(self, modem: ModemBench, name: str) -> None:
        self.modem = modem
        self.name = name
        if name == "wifi":
            modem.call("join")
        else:
            modem.call("start")
            modem.call("attach")

    def open(self, behave: Behaviour, name: str, ca: bytes) -> None:
        port = self.modem.serve(behave).port
        host = HOST if self.name == "modem" else "127.0.0.1"
        self.modem.call("open_http", over=self.name, host=host, port=port, name=name, ca=ca.hex())

    def post(self, body: bytes = SEALED, timeout_ms: int = 60_000) -> list[object]:
        answer: list[object] = self.modem.call("post", body=body.hex(), timeout_ms=timeout_ms)
        return answer


def test_several_posts_on_one_connection(way: Way, authority: Authority, tmp_path: Path) -> None:
    server = TlsServer(authority.server(tmp_path, HOST))
    way.open(server.behave, HOST, authority.der)
    assert way.post(SEALED) == [200, SEALED[::-1].hex(), True]
    assert way.post(b"x") == [200, b"x".hex(), True]
    digest = hashlib.sha256((SEALED * 16)[::-1]).hexdigest()
    assert way.modem.call("post", body=SEALED.hex(), times=16) == [200, digest, True]
    way.modem.call("close_http")
    assert (server.posts, server.names, server.versions) == (3, [HOST], ["TLSv1.2"])


def test_a_server_that_closes_says_so(way: Way, authority: Authority, tmp_path: Path) -> None:
    server = TlsServer(authority.server(tmp_path, HOST))
    server.close_after_each = True
    way.open(server.behave, HOST, authority.der)
    assert way.post() == [200, SEALED[::-1].hex(), False]


def test_another_ca_is_refused(way: Way, authority: Authority, stranger: Authority, tmp_path: Path) -> None:
    server = TlsServer(stranger.server(tmp_path, HOST))
    way.open(server.behave, HOST, authority.der)
    assert way.post() == ["tls", "bad_certificate"]
    assert server.posts == 0


def test_another_name_is_refused(way: Way, authority: Authority, tmp_path: Path) -> None:
    server = TlsServer(authority.server(tmp_path, "other.example"))
    way.open(server.behave, HOST, authority.der)
    assert way.post() == ["tls", "wrong_name"]
    assert server.posts == 0


@pytest.mark.parametrize(("first_day", "code"), [(-60, "expired"), (20, "not_yet_valid")])
def test_another_time_is_refused(way: Way, authority: Authority, tmp_path: Path, first_day: int, code: str) -> None:
    server = TlsServer(authority.server(tmp_path, HOST, first_day))
    way.open(server.behave, HOST, authority.der)
    assert way.post() == ["tls", code]
    assert server.posts == 0


def test_a_server_with_rsa(way: Way, tmp_path: Path) -> None:
    authority = new_authority(with_rsa=True)
    server = TlsServer(authority.server(tmp_path, HOST))
    way.open(server.behave, HOST, authority.der)
    assert way.post() == [200, SEALED[::-1].hex(), True]


def test_a_server_that_speaks_no_tls(way: Way, authority: Authority) -> None:
    def plain(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

    way.open(plain, HOST, authority.der)
    assert way.post() == ["tls", "handshake"]


@pytest.mark.parametrize(
    ("oldest", "newest"),
    [(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1), (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3)],
)
def test_a_server_with_versions_that_we_do_not_speak(
    way: Way, authority: Authority, tmp_path: Path, oldest: ssl.TLSVersion, newest: ssl.TLSVersion
) -> None:
    """Older ones are broken; of newer ones this MicroPython knows none."""
    context = authority.server(tmp_path, HOST)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the old versions are what is tried here
        context.minimum_version, context.maximum_version = oldest, newest
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    server = TlsServer(context)
    way.open(server.behave, HOST, authority.der)
    assert way.post() == ["tls", "handshake"]
    assert server.failures


def test_a_server_that_goes_away_in_the_middle(way: Way, authority: Authority) -> None:
    def rude(connection: socket.socket) -> None:
        connection.recv(100)
        connection.close()

    way.open(rude, HOST, authority.der)
    assert way.post()[0] in ("tls", "os", "LinkLost")


def test_a_server_that_falls_silent(way: Way, authority: Authority) -> None:
    way.modem.world.network_patience_ms = 50

    def silent(connection: socket.socket) -> None:
        while connection.recv(100):
            pass

    way.open(silent, HOST, authority.der)
    assert way.post(timeout_ms=20_000) == ["timeout", ""]


def test_no_ca_is_no_connection(way: Way) -> None:
    for ca in (b"", b"no certificate"):
        with pytest.raises(HostError) as caught:
            way.open(lambda connection: None, HOST, ca)
        assert caught.value.reason == "bad_certificate"


def test_plain_over_the_modem(modem: ModemBench) -> None:
    def answer(connection: socket.socket) -> None:
        while connection.recv(4096):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    way = Way(modem, "modem")
    way.open(answer, "", b"")
    assert way.post(b"x") == [200, b"ok".hex(), True]
    assert way.post(b"y") == [200, b"ok".hex(), True]


def test_urcs_among_the_records(modem: ModemBench, authority: Authority, tmp_path: Path) -> None:
    server = TlsServer(authority.server(tmp_path, HOST))
    way = Way(modem, "modem")
    modem.modem.faults.urc_inside_data = 0.6
    modem.modem.faults.urc_between_lines = 0.4
    way.open(server.behave, HOST, authority.der)
    for _ in range(3):
        assert way.post() == [200, SEALED[::-1].hex(), True]


def test_what_a_handshake_costs(
    way: Way, authority: Authority, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """With P-256 and no chain; the second POST shows what keeping the connection saves."""
    server = TlsServer(authority.server(tmp_path, HOST))
    before = way.modem.call("heap")
    way.open(server.behave, HOST, authority.der)
    way.post(b"x" * 100)
    first = way.modem.call("traffic")
    during = way.modem.call("heap")
    way.post(b"x" * 100)
    second = way.modem.call("traffic")
    way.modem.call("close_http")
    record_property(
        "measured",
        f"TLS over {way.name}: first POST of 100 bytes {first[0]} up, {first[1]} down; next {second[0] - first[0]} up, "
        f"{second[1] - first[1]} down; Python heap {during - before} while open (code included)",
    )
    assert first[0] < 900
    assert first[1] < 1100
    assert second[0] - first[0] < 350
