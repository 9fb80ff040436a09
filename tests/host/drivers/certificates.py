"""Certificates for the tests of TLS, made on the spot."""

import datetime
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

DAY: Final = datetime.timedelta(days=1)
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass
class Authority:
    """A CA of our own, valid since yesterday a year ago."""

    key: Key
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(DER)

    def server(self, folder: Path, name: str, first_day: int = -1, days: int = 30) -> ssl.SSLContext:
        """What a server of that name presents: valid from so many days from now on, for so many."""
        key = new_key(isinstance(self.key, rsa.RSAPrivateKey))
        builder = _builder(name, self.certificate.subject, key, first_day, days)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        path = folder / f"{name}{first_day}.pem"
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(private + certificate.public_bytes(PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def new_authority(with_rsa: bool = False) -> Authority:
    key = new_key(with_rsa)
    name = _name("Test CA")
    builder = _builder("Test CA", name, key, -365, 3650)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return Authority(key, builder.sign(key, hashes.SHA256()))


def new_key(with_rsa: bool = False) -> Key:
    return rsa.generate_private_key(65537, 2048) if with_rsa else ec.generate_private_key(ec.SECP256R1())


def _builder(subject: str, issuer: x509.Name, key: Key, first_day: int, days: int) -> x509.CertificateBuilder:
    start = datetime.datetime.now(datetime.UTC) + first_day * DAY
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + days * DAY)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
