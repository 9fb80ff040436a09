"""COSE_Encrypt0, sealed (law: cose.py). Written by hand, a head at a time: a machine that seals has no room for all of
CBOR at the same time.
"""

from protocol import ccm
from protocol.cbor_head import BYTES, DICT, LIST, TAG, head
from protocol.errors import BadKey, Malformed, TooLong

COSE_ENCRYPT0 = 16  # CBOR tag
KEY_ID = 4  # header: kid
IV = 5  # header: nonce
KEY_BYTES = 16
IV_BYTES = 13
TAG_BYTES = 8
MAX_BYTES = 16384  # as cbor.py

PROTECTED = b"\xa1\x01\x0a"  # {1: 10}: the algorithm is AES-CCM-16-64-128


def seal(key: bytes, key_id: bytes, iv: bytes, payload: bytes, external_aad: bytes = b"") -> bytes:
    check(key, iv)
    sealed = ccm.seal(key, iv, payload, covered(external_aad), TAG_BYTES)
    message = head(TAG, COSE_ENCRYPT0) + head(LIST, 3) + head(BYTES, len(PROTECTED)) + PROTECTED
    message += head(DICT, 2 if key_id else 1)
    if key_id:
        message += bytes((KEY_ID,)) + head(BYTES, len(key_id)) + key_id
    message += bytes((IV,)) + head(BYTES, len(iv)) + iv + head(BYTES, len(sealed)) + sealed
    if len(message) > MAX_BYTES:
        raise TooLong("more than %d bytes of CBOR" % MAX_BYTES)
    return message


def covered(external_aad: bytes) -> bytes:
    """What the tag covers besides the payload: the Enc_structure (RFC 9052 5.3)."""
    return b"\x83\x68Encrypt0\x43" + PROTECTED + head(BYTES, len(external_aad)) + external_aad


def check(key: bytes, iv: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise BadKey("AES-CCM-16-64-128 takes 16 key bytes")
    if len(iv) != IV_BYTES:
        raise Malformed("the IV has 13 bytes")
