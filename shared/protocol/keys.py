"""The key chain: every key of the system from the master secret, by labels that never repeat.

Law: a label's text belongs to its meaning for ever. A changed meaning gets a new label. Numbers inside an
info string are four bytes, most significant first; a UID is preceded by its length.
"""

from protocol.errors import BadKey, Malformed, OutOfRange
from protocol.mac import hkdf_sha256, hmac_sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from protocol.master_keys import BATCH_KEY_BYTES as BATCH_KEY_BYTES
    from protocol.master_keys import P256_ORDER as P256_ORDER
    from protocol.master_keys import authority_scalar as authority_scalar
    from protocol.master_keys import batch_key as batch_key
    from protocol.master_keys import institution_key as institution_key
    from protocol.master_keys import machine_key as machine_key
    from protocol.master_keys import seal_batch_key as seal_batch_key
    from protocol.master_keys import white_scalar as white_scalar

SALT = b"perscan/1"

UPLINK = b"uplink"  # AES-CCM key, machine to back office
DOWNLINK = b"downlink"  # AES-CCM key, back office to machine
NONCE = b"nonce"  # HMAC key of the synthetic nonces
JOURNAL = b"journal"  # HMAC key of the journal's chain
BATCH_SEAL = b"batch seal"  # AES-CCM key and nonce that seal one K_batch for one machine
ONE_TIME_TAG = b"one-time tag"  # HMAC label: what makes a one-time card genuine
ONE_TIME_ACCESS = b"one-time access"  # HMAC label: the card's write key
BATCH_ACCESS = b"batch access"  # HMAC label: the read key of a batch card
BURN_MARK = b"burn mark"  # HMAC label: what a machine writes into a one-time card

SEALED_BATCH_KEY_BYTES = 40
ACCESS_KEY_BYTES = 6
TAG_BYTES = 16


def uplink_key(machine_key: bytes) -> bytes:
    return derive(machine_key, UPLINK, 16)


def downlink_key(machine_key: bytes) -> bytes:
    return derive(machine_key, DOWNLINK, 16)


def nonce_key(machine_key: bytes) -> bytes:
    return derive(machine_key, NONCE, 32)


def journal_key(machine_key: bytes) -> bytes:
    return derive(machine_key, JOURNAL, 32)


def open_batch_key(machine_key: bytes, certificate_body: bytes, sealed: bytes) -> bytes:
    if len(sealed) != SEALED_BATCH_KEY_BYTES:
        raise Malformed("a sealed batch key has 40 bytes")
    from protocol import ccm  # once a batch; in memory for so long (batches.py)

    key, nonce = batch_seal(machine_key, certificate_body)
    return ccm.open_(key, nonce, sealed, certificate_body)


def one_time_tag(batch_key: bytes, uid: bytes, batch_id: int, credit: int) -> bytes:
    return hmac_sha256(batch_key, ONE_TIME_TAG + _uid(uid) + u32(batch_id) + u32(credit))[:TAG_BYTES]


def one_time_access_key(batch_key: bytes, uid: bytes) -> bytes:
    return hmac_sha256(batch_key, ONE_TIME_ACCESS + _uid(uid))[:ACCESS_KEY_BYTES]


def batch_access_key(institution_key: bytes, uid: bytes) -> bytes:
    return hmac_sha256(institution_key, BATCH_ACCESS + _uid(uid))[:ACCESS_KEY_BYTES]


def burn_mark(batch_key: bytes, uid: bytes, machine_id: int, credit: int) -> bytes:
    return hmac_sha256(batch_key, BURN_MARK + _uid(uid) + u32(machine_id) + u32(credit))[:TAG_BYTES]


def derive(secret: bytes, info: bytes, length: int) -> bytes:
    if len(secret) != 32:
        raise BadKey("keys are derived from 32 bytes")
    return hkdf_sha256(secret, SALT, info, length)


def batch_seal(machine_key: bytes, certificate_body: bytes) -> tuple[bytes, bytes]:
    """Key and nonce of their own for every certificate: one pair seals one K_batch and nothing else, ever."""
    output = derive(machine_key, BATCH_SEAL + certificate_body, 16 + 13)
    return output[:16], output[16:]


def u32(number: int) -> bytes:
    if not 0 <= number <= 0xFFFFFFFF:
        raise OutOfRange("not a 32-bit number")
    return number.to_bytes(4, "big")


def _uid(uid: bytes) -> bytes:
    if len(uid) not in (4, 7, 10):
        raise Malformed("a UID has 4, 7 or 10 bytes")
    return bytes([len(uid)]) + uid


def __getattr__(name: str) -> "Any":
    """What is derived from the master card's secret is another file: no machine ever holds that."""
    from protocol import master_keys

    if name[0] != "_" and hasattr(master_keys, name):
        return getattr(master_keys, name)
    raise AttributeError(name)
