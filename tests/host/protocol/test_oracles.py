"""Other people's implementations agree with ours: `cryptography` for the primitives, `pycose` for the envelope."""

import hmac
import random

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import cmac, hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from protocol import cbor, ccm, cose, keys, mac, p256_portable, uplink
from protocol.errors import BadSignature
from pycose.algorithms import AESCCM1664128
from pycose.headers import KID, Algorithm
from pycose.keys.symmetric import SymmetricKey
from pycose.messages.enc0message import Enc0Message

from tests.firmware.protocol import samples
from tests.firmware.protocol.support import public_key, sign

SEED = 20261123


@pytest.fixture
def source() -> random.Random:
    return random.Random(SEED)  # noqa: S311 (test data)


def test_hmac_hkdf_and_cmac(source: random.Random) -> None:
    for _ in range(100):
        key, message = source.randbytes(source.randrange(1, 100)), source.randbytes(source.randrange(200))
        assert mac.hmac_portable(key, message) == hmac.digest(key, message, "sha256")
        length = source.randrange(1, 200)
        assert mac.hkdf_sha256(key, message, key, length) == HKDF(hashes.SHA256(), length, message, key).derive(key)
        oracle = cmac.CMAC(algorithms.AES(key.ljust(16)[:16]))
        oracle.update(message)
        assert mac.aes_cmac(key.ljust(16)[:16], message) == oracle.finalize()


def test_portable_ccm(source: random.Random) -> None:
    for _ in range(200):
        key, nonce = source.randbytes(16), source.randbytes(source.randrange(7, 14))
        plaintext, aad = source.randbytes(source.randrange(100)), source.randbytes(source.randrange(40))
        tag_length = source.choice((4, 8, 12, 16))
        sealed = AESCCM(key, tag_length).encrypt(nonce, plaintext, aad)
        assert ccm.seal_portable(key, nonce, plaintext, aad, tag_length) == sealed
        assert ccm.open_portable(key, nonce, sealed, aad, tag_length) == plaintext


def test_portable_p256_accepts_what_openssl_signs(source: random.Random) -> None:
    for _ in range(20):
        key = ec.derive_private_key(source.randrange(1, p256_portable.N), ec.SECP256R1())
        numbers, message = key.public_key().public_numbers(), source.randbytes(50)
        r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        public = numbers.x.to_bytes(32) + numbers.y.to_bytes(32)
        p256_portable.verify(public, message, r.to_bytes(32) + s.to_bytes(32))
        with pytest.raises(BadSignature):
            p256_portable.verify(public, message + b"!", r.to_bytes(32) + s.to_bytes(32))


def test_openssl_accepts_the_keys_of_the_chain() -> None:
    key = ec.derive_private_key(int.from_bytes(samples.AUTHORITY_SCALAR), ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    assert numbers.x.to_bytes(32) + numbers.y.to_bytes(32) == public_key(samples.AUTHORITY_SCALAR)
    signature = sign(samples.AUTHORITY_SCALAR, b"message")
    der = utils.encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    key.public_key().verify(der, b"message", ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.public_key().verify(der, b"Message", ec.ECDSA(hashes.SHA256()))


def test_pycose_opens_a_sealed_report() -> None:
    report = samples.report(samples.exams(20))
    message = opened_by_pycose(uplink.seal_report(samples.MACHINE_KEY, report))
    assert message.phdr[Algorithm] is AESCCM1664128
    assert message.uhdr[KID] == samples.MACHINE.to_bytes(4)
    message.key = SymmetricKey(k=keys.uplink_key(samples.MACHINE_KEY))
    payload = message.decrypt()
    assert uplink.decode_report(payload).entries == report.entries
    assert cbor2.loads(payload)[:2] == [1, report.first_seq]


def test_pycose_opens_an_answer_with_its_context() -> None:
    request = uplink.seal_report(samples.MACHINE_KEY, samples.report(samples.exams(1)))
    message = opened_by_pycose(uplink.seal_ack(samples.MACHINE_KEY, request, samples.ack()))
    message.key = SymmetricKey(k=keys.downlink_key(samples.MACHINE_KEY))
    message.external_aad = cose.header(request)[1]  # type: ignore[misc]  # pycose hides its setter from mypy
    assert cbor2.loads(message.decrypt())[1] == samples.ack().ack_seq


def test_pycose_opens_a_push_with_its_context() -> None:
    message = opened_by_pycose(uplink.seal_push(samples.MACHINE_KEY, samples.push(), 3))
    assert KID not in message.uhdr
    message.key = SymmetricKey(k=keys.downlink_key(samples.MACHINE_KEY))
    message.external_aad = uplink.PUSH_AAD  # type: ignore[misc]  # pycose hides its setter from mypy
    members = cbor2.loads(message.decrypt())
    assert (members[1], members[5]) == (samples.push().ack_seq, samples.push().ack_mac)


def test_openssl_accepts_a_signed_order() -> None:
    order = samples.order()
    key = ec.derive_private_key(int.from_bytes(samples.AUTHORITY_SCALAR), ec.SECP256R1()).public_key()
    r, s = int.from_bytes(order.signature[:32]), int.from_bytes(order.signature[32:])
    signature, curve = utils.encode_dss_signature(r, s), ec.ECDSA(hashes.SHA256())
    key.verify(signature, order.body(), curve)
    with pytest.raises(InvalidSignature):
        key.verify(signature, order.body() + b"\0", curve)


def opened_by_pycose(data: bytes) -> Enc0Message:
    """What CoseMessage.decode does, but below the tag, whose content cbor2 6 gives in types that pycose refuses."""
    assert data[0] == 0xC0 | Enc0Message.cbor_tag
    return Enc0Message.from_cose_obj(cbor2.loads(data[1:]), True)


def test_we_open_what_pycose_seals() -> None:
    key, iv = bytes(range(16)), bytes(13)
    message = Enc0Message(phdr={1: 10}, uhdr={4: b"\0\0\0\7", 5: iv}, payload=b"payload")
    message.key = SymmetricKey(k=key)
    encoded = message.encode()
    assert cose.header(encoded) == (b"\0\0\0\7", iv)
    assert cose.open_(key, encoded) == b"payload"
    assert cose.seal(key, b"\0\0\0\7", iv, b"payload") == encoded


def test_cbor2_writes_the_same_bytes() -> None:
    values: list[object] = [[1, -5, b"x", "y", None, True, {2: [], 1: {}}], {"b": 1, "a": 2, 10: 3, -1: 4}, [[[[]]]]]
    for value in values:
        assert cbor.encode(value) == cbor2.dumps(value, canonical=True)
        assert cbor2.loads(cbor.encode(value)) == value
