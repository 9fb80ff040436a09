"""COSE_Encrypt0 (RFC 9052 5.2) with AES-CCM-16-64-128 (RFC 9053 4.2): the envelope of every uplink message.

Law: tag 16, protected header {1: 10}, unprotected header {4: kid, 5: IV of 13 bytes} where kid may be left out,
ciphertext with an 8-byte tag; all in deterministic CBOR. Another algorithm is another value of header 1; a receiver
refuses what it does not know.
"""

from protocol import cbor, ccm
from protocol.cose_writer import COSE_ENCRYPT0, IV, KEY_ID, PROTECTED, TAG_BYTES, check, covered
from protocol.cose_writer import IV_BYTES as IV_BYTES
from protocol.cose_writer import seal as seal
from protocol.errors import Malformed, UnknownKind

MAX_KEY_ID_BYTES = 16


def header(message: bytes) -> tuple[bytes, bytes]:
    """(kid, IV); kid is empty when there is none. Nothing of it is proven until the message is opened."""
    key_id, iv, _ = _parts(message)
    return key_id, iv


def open_(key: bytes, message: bytes, external_aad: bytes = b"") -> bytes:
    _, iv, sealed = _parts(message)
    check(key, iv)
    return ccm.open_(key, iv, sealed, covered(external_aad), TAG_BYTES)


def _parts(message: bytes) -> tuple[bytes, bytes, bytes]:
    envelope = cbor.decode(message)
    if not isinstance(envelope, cbor.Tag) or envelope.number != COSE_ENCRYPT0:
        raise UnknownKind("no COSE_Encrypt0 message")
    parts = envelope.value
    if not isinstance(parts, list) or len(parts) != 3:
        raise Malformed("COSE_Encrypt0 has three parts")
    protected, unprotected, sealed = parts
    if protected != PROTECTED:
        raise UnknownKind("another algorithm than AES-CCM-16-64-128")
    if not isinstance(unprotected, dict) or not set(unprotected) <= {KEY_ID, IV}:
        raise Malformed("the unprotected header holds kid and IV")
    key_id, iv = unprotected.get(KEY_ID, b""), unprotected.get(IV)
    if not isinstance(key_id, bytes) or len(key_id) > MAX_KEY_ID_BYTES:
        raise Malformed("kid must be bytes, at most 16")
    if not isinstance(iv, bytes) or len(iv) != IV_BYTES:
        raise Malformed("the IV has 13 bytes")
    if not isinstance(sealed, bytes) or len(sealed) < TAG_BYTES:
        raise Malformed("no ciphertext")
    return key_id, iv, sealed
