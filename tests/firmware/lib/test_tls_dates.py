"""When a certificate begins: read from DER without knowing more of it than its frame."""

from tls_pipe.dates import not_before

# The first bytes of a certificate: version 3, serial 2, ecdsa-with-SHA256, an issuer, 2026-11-23 00:00:00 to 2036.
VALIDITY = bytes.fromhex("301e170d") + b"261123000000Z" + bytes.fromhex("170d") + b"361120000000Z"
ISSUER = bytes.fromhex("300d310b300906035504030c024341")
ALGORITHM = bytes.fromhex("300a06082a8648ce3d040302")


def element(kind, content):
    if len(content) < 128:
        return bytes((kind, len(content))) + content
    return bytes((kind, 0x82)) + len(content).to_bytes(2, "big") + content


def certificate(version=b"\xa0\x03\x02\x01\x02", serial=b"\x02", rest=b""):
    body = version + element(2, serial) + ALGORITHM + ISSUER + VALIDITY + rest
    return element(0x30, element(0x30, body))


def test_short_and_long_certificates():
    assert not_before(certificate()) == 1795392000
    assert not_before(certificate(serial=bytes(20), rest=bytes(300))) == 1795392000
    assert not_before(certificate(version=b"")) == 1795392000


def test_what_is_none_has_no_beginning():
    good = certificate(rest=bytes(40))
    for length in range(len(good)):
        assert not_before(good[:length]) == 0
    assert not_before(b"") == not_before(bytes(100)) == not_before(b"-----BEGIN CERTIFICATE-----") == 0
    for place in range(40):
        bad = bytearray(good)
        bad[place] ^= 0xFF
        not_before(bytes(bad))  # any number, never an error
