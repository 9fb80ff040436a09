"""TLS: a certificate authority of our own for the machines, and how the server serves.

A machine trusts one authority, which provisioning gives it, and checks the server's certificate against it alone.
`make` makes that authority and a first server certificate; `renew` makes the next one of the same authority, so that
no machine has to learn anything. Both are P-256, the cheapest to check on a small board.
"""

import ipaddress
import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from backoffice import private_file
from backoffice.errors import SettingsError, TlsFileExists, TlsKeyExposed, TlsUnusable

AUTHORITY_DAYS = 20 * 365
SERVER_DAYS = 825
"""Browsers refuse server certificates that are good for longer."""
BACKDATED_S = 86400
"""For clocks that are behind ours."""
FILE_MAX_BYTES = 65536
NAME_MAX_CHARS = 64
"""X.520 allows a common name no more."""

HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*")

AUTHORITY_FILE, AUTHORITY_DER_FILE, AUTHORITY_KEY_FILE = "ca.pem", "ca.der", "ca.key"
SERVER_FILE, SERVER_KEY_FILE = "server.pem", "server.key"


@dataclass(frozen=True)
class Made:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make(folder: Path, names: list[str]) -> None:
    """A new authority and a server certificate for these names, in a folder that has neither."""
    files = (AUTHORITY_FILE, AUTHORITY_DER_FILE, AUTHORITY_KEY_FILE, SERVER_FILE, SERVER_KEY_FILE)
    _refuse_overwrite(folder, files)
    alternatives = [_alternative(name) for name in names]
    now = datetime.now(UTC)
    authority = make_authority(f"Perscan CA {names[0]}"[:NAME_MAX_CHARS], now)
    server = make_server(authority, names[0], alternatives, now)
    _write(folder / AUTHORITY_KEY_FILE, _key_pem(authority.key))
    _write(folder / SERVER_KEY_FILE, _key_pem(server.key))
    _write(folder / AUTHORITY_FILE, authority.certificate.public_bytes(Encoding.PEM))
    _write(folder / AUTHORITY_DER_FILE, authority.certificate.public_bytes(Encoding.DER))
    _write(folder / SERVER_FILE, server.certificate.public_bytes(Encoding.PEM))


def renew(folder: Path) -> datetime:
    """The next server certificate and key for the same names, by the same authority; until when it is good."""
    authority, before = _load_authority(folder), _load_certificate(folder / SERVER_FILE)
    alternatives = list(before.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    common = str(before.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    server = make_server(authority, common, alternatives, datetime.now(UTC))
    # The key first: a server that starts in between finds two that do not match, and says so.
    for name, content in (
        (SERVER_KEY_FILE, _key_pem(server.key)),
        (SERVER_FILE, server.certificate.public_bytes(Encoding.PEM)),
    ):
        private_file.replace(folder / name, content)
    return server.certificate.not_valid_after_utc


def make_authority(common: str, now: datetime) -> Made:
    """A self-signed authority that may sign servers and nothing below them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(common)
    begin = now - timedelta(seconds=BACKDATED_S)
    builder = _builder(name, name, key, begin, now + timedelta(days=AUTHORITY_DAYS))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs=True), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return Made(builder.sign(key, SHA256()), key)


def make_server(authority: Made, common: str, alternatives: list[x509.GeneralName], now: datetime) -> Made:
    """A server's certificate by this authority.

    It begins with the authority and not today: a machine that was switched off when it was made holds it against a
    clock that is behind, and would have to refuse the one connection that tells it the time.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    begin, end = authority.certificate.not_valid_before_utc, now + timedelta(days=SERVER_DAYS)
    builder = _builder(_name(common), authority.certificate.subject, key, begin, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    known_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = builder.add_extension(known_by, critical=False)
    return Made(builder.sign(authority.key, SHA256()), key)


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """How the server serves: TLS 1.2 or newer (RFC 8996), forward secrecy only. Raises SettingsError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    try:
        private_file.read(key, FILE_MAX_BYTES, TlsKeyExposed)
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"TLS cannot be served with {certificate} and {key}: {_why(error)}") from error
    return context


def authority_der(path: Path) -> bytes:
    """The authority that machines are to trust, as they store it. Raises SettingsError."""
    try:
        return _load_certificate(path).public_bytes(Encoding.DER)
    except TlsUnusable as error:
        raise SettingsError(error.message) from error


def names_of(path: Path) -> list[str]:
    """The DNS names in a server's certificate; none when there is no such certificate."""
    found = _load_certificate(path).extensions
    try:
        return found.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        return []


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(begin).not_valid_after(end)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _alternative(name: str) -> x509.GeneralName:
    """RFC 6125: an address is no DNS name. Raises TlsUnusable."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    if len(name) > NAME_MAX_CHARS or not HOST_NAME.fullmatch(name):
        raise TlsUnusable(f"{name!r} is neither a host name nor an address")
    return x509.DNSName(name)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _refuse_overwrite(folder: Path, files: tuple[str, ...]) -> None:
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise TlsFileExists(f"{folder} has {', '.join(there)} already: machines that trust them would be cut off")


def _write(path: Path, content: bytes) -> None:
    if not private_file.write_new(path, content):
        raise TlsFileExists(f"{path} is there already")


def _load_authority(folder: Path) -> Made:
    pem = _read(folder / AUTHORITY_KEY_FILE, private=True)
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise TlsUnusable(f"{folder / AUTHORITY_KEY_FILE} holds no private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TlsUnusable(f"{folder / AUTHORITY_KEY_FILE} is not a key that this program made")
    return Made(_load_certificate(folder / AUTHORITY_FILE), key)


def _load_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_read(path, private=False))
    except ValueError as error:
        raise TlsUnusable(f"{path} holds no certificate (PEM)") from error


def _read(path: Path, *, private: bool) -> bytes:
    try:
        if private:
            return private_file.read(path, FILE_MAX_BYTES, TlsKeyExposed)
        with path.open("rb") as file:
            return file.read(FILE_MAX_BYTES)
    except OSError as error:
        raise TlsUnusable(f"{path}: {error.strerror}") from error


def _why(error: OSError) -> str:
    return error.strerror or str(error)
