"""Certificates of our own, and what the server does with them."""

import socket
import ssl
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from typer.testing import CliRunner

from backoffice.cli import app
from backoffice.errors import InvalidInput, SettingsError, TlsFileExists, TlsKeyExposed, TlsUnusable
from backoffice.machines.configuration import CA_MAX_BYTES, checked
from backoffice.serving.server import KEEP_ALIVE_S
from backoffice.settings import Settings
from backoffice.tls import certificates
from tools.demo.server import Server

NAMES = ["perscan.example", "127.0.0.1"]
PATIENCE_S = 30
REPORT = b"POST /api/v1/uplink HTTP/1.1\r\nHost: perscan.example\r\nContent-Length: 3\r\n\r\nabc"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tls") / "keys"
    certificates.make(made, NAMES)
    return made


def verified(folder: Path, name: str, when: datetime) -> list[x509.Certificate]:
    """The chain as an independent verifier builds it (RFC 5280); raises VerificationError."""
    store = Store([x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())])
    verifier = PolicyBuilder().store(store).time(when).build_server_verifier(x509.DNSName(name))
    return verifier.verify(x509.load_pem_x509_certificate((folder / "server.pem").read_bytes()), [])


def test_everything_is_for_its_owner_alone(folder: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == dict.fromkeys(("ca.pem", "ca.der", "ca.key", "server.pem", "server.key"), 0o600)


def test_a_verifier_builds_the_chain(folder: Path) -> None:
    now = datetime.now(UTC)
    assert len(verified(folder, "perscan.example", now)) == 2
    for name, when in (("other.example", now), ("perscan.example", now + timedelta(days=certificates.SERVER_DAYS + 1))):
        with pytest.raises(VerificationError):
            verified(folder, name, when)


def test_a_machine_can_store_the_authority(folder: Path) -> None:
    der = certificates.authority_der(folder / "ca.pem")
    assert der == (folder / "ca.der").read_bytes()
    assert len(der) < CA_MAX_BYTES // 2
    assert checked({"server_ca": (folder / "ca.pem").read_text()}) == {"server_ca": der}
    assert certificates.names_of(folder / "server.pem") == ["perscan.example"]
    with pytest.raises(InvalidInput):
        checked({"server_ca": (folder / "server.pem").read_text()})


def test_nothing_is_overwritten(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TlsFileExists):
        certificates.make(folder, NAMES)
    (tmp_path / "server.key").write_text("precious")
    with pytest.raises(TlsFileExists):
        certificates.make(tmp_path, NAMES)
    assert [path.name for path in tmp_path.iterdir()] == ["server.key"]


@pytest.mark.parametrize("name", ["", "bad name", "-x.example", "https://x", "x..y", "x" * 65, "ü.example", "a/b"])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TlsUnusable):
        certificates.make(tmp_path, [name])
    assert list(tmp_path.iterdir()) == []


def test_the_next_certificate_is_by_the_same_authority(tmp_path: Path) -> None:
    certificates.make(tmp_path, NAMES)
    (tmp_path / "server.key.new").write_text("a renewal that the power cut short")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    good_until = certificates.renew(tmp_path)
    assert len(verified(tmp_path, "perscan.example", good_until - timedelta(days=1))) == 2
    changed = {path.name for path in tmp_path.iterdir() if path.read_bytes() != before.get(path.name)}
    assert changed == {"server.pem", "server.key"}
    assert certificates.server_context(tmp_path / "server.pem", tmp_path / "server.key")


def test_a_renewed_certificate_is_good_for_a_clock_that_is_behind(tmp_path: Path) -> None:
    """A machine that was switched off over the renewal takes its last sure time, or the authority's first day, for now:
    to hear the right time it needs this very connection."""
    made = datetime(2026, 1, 1, tzinfo=UTC)
    authority = certificates.make_authority("perscan.example", made)
    years_later = made + timedelta(days=5 * 365)
    server = certificates.make_server(authority, "perscan.example", [], years_later).certificate
    assert server.not_valid_before_utc == authority.certificate.not_valid_before_utc
    assert server.not_valid_after_utc > years_later + timedelta(days=365)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    certificates.make(tmp_path, NAMES)
    (tmp_path / "server.key").chmod(0o640)
    with pytest.raises(TlsKeyExposed):
        certificates.server_context(tmp_path / "server.pem", tmp_path / "server.key")


@pytest.mark.parametrize(
    ("certificate", "key"), [("ca.pem", "server.key"), ("no.pem", "server.key"), ("ca.key", "ca.key")]
)
def test_files_that_do_not_fit_are_said_so(folder: Path, certificate: str, key: str) -> None:
    with pytest.raises(SettingsError):
        certificates.server_context(folder / certificate, folder / key)


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(SettingsError, match="PERSCAN_TLS_KEY"):
        Settings.from_environment({"PERSCAN_TLS_CERTIFICATE": "server.pem"})
    both = {"PERSCAN_TLS_CERTIFICATE": "server.pem", "PERSCAN_TLS_KEY": "server.key"}
    assert Settings.from_environment(both).cookie_secure is True
    assert Settings.from_environment({**both, "PERSCAN_COOKIE_SECURE": "0"}).cookie_secure is False
    assert Settings.from_environment({}).cookie_secure is False


def test_the_command_says_what_to_set(tmp_path: Path) -> None:
    runner, folder = CliRunner(), tmp_path / "keys"
    command = ["tls", "make", "--name", "perscan.example", "--folder", str(folder)]
    done = runner.invoke(app, command)
    assert done.exit_code == 0
    assert f"PERSCAN_TLS_CERTIFICATE={folder / 'server.pem'}" in done.output
    again = runner.invoke(app, command)
    assert (again.exit_code, "tls_file_exists" in again.output) == (1, True)
    assert "Good until" in runner.invoke(app, ["tls", "renew", "--folder", str(folder)]).output
    assert runner.invoke(app, ["tls", "renew", "--folder", str(tmp_path / "none")]).exit_code == 1


def connect(port: int, folder: Path, version: ssl.TLSVersion | None = None) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    if version is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the old versions are what is tried here
            context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, version
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    plain = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
    return context.wrap_socket(plain, server_hostname="perscan.example")


def answer(line: ssl.SSLSocket) -> bytes:
    """One whole answer."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += line.recv(4096)
    head, _, body = got.partition(b"\r\n\r\n")
    (length,) = (int(part.split(b":")[1]) for part in head.split(b"\r\n") if part.lower().startswith(b"content-length"))
    while len(body) < length:
        body += line.recv(4096)
    return head


def test_the_server_serves_https_and_keeps_the_connection(folder: Path, tmp_path: Path) -> None:
    given = {"PERSCAN_TLS_CERTIFICATE": str(folder / "server.pem"), "PERSCAN_TLS_KEY": str(folder / "server.key")}
    with Server(tmp_path, given) as server:
        scheme, _, where = server.url.partition("://")
        port = int(where.split(":")[1])
        assert scheme == "https"
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with connect(port, folder, version) as line:
                for _ in range(3):  # several reports over one connection: a handshake costs a 2G link dearly
                    line.sendall(REPORT)
                    assert answer(line).startswith(b"HTTP/1.1 400")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            connect(port, folder, ssl.TLSVersion.TLSv1_1)
    assert KEEP_ALIVE_S >= 75


def test_a_key_that_does_not_fit_ends_the_start_with_words(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERSCAN_TLS_CERTIFICATE", str(folder / "ca.pem"))
    monkeypatch.setenv("PERSCAN_TLS_KEY", str(folder / "server.key"))
    done = CliRunner().invoke(app, ["serve", "--port", "0"])
    assert (done.exit_code, "bad_settings: TLS cannot be served" in done.output) == (1, True)
