"""The key chain: every key of the system from the master secret, by labels that never repeat.

Law: a label's text belongs to its meaning for ever. A changed meaning gets a new label. Numbers inside an
info string are four bytes, most significant first; a UID is preceded by its length.
"""

from protocol import ccm
from protocol.errors import BadKey, Malformed, OutOfRange
from protocol.mac import hkdf_sha256, hmac_sha256

SALT = b"perscan/1"

AUTHORITY_SIGNING = b"authority signing"  # P-256 scalar that signs white certificates and provisioning
WHITE_SIGNING = b"white signing"  # P-256 scalar of one white card, signs its batch certificates
MACHINE = b"machine"  # root of one machine's keys in one provisioning epoch
INSTITUTION = b"institution"  # root of one institution's card keys
UPLINK = b"uplink"  # AES-CCM key, machine to back office
DOWNLINK = b"downlink"  # AES-CCM key, back office to machine
NONCE = b"nonce"  # HMAC key of the synthetic nonces
JOURNAL = b"journal"  # HMAC key of the journal's chain
BATCH = b"batch"  # K_batch of one batch
BATCH_SEAL = b"batch seal"  # AES-CCM key and nonce that seal one K_batch for one machine
ONE_TIME_TAG = b"one-time tag"  # HMAC label: what makes a one-time card genuine
ONE_TIME_ACCESS = b"one-time access"  # HMAC label: the card's write key
BATCH_ACCESS = b"batch access"  # HMAC label: the read key of a batch card
BURN_MARK = b"burn mark"  # HMAC label: what a machine writes into a one-time card

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

BATCH_KEY_BYTES = 32
SEALED_BATCH_KEY_BYTES = 40
ACCESS_KEY_BYTES = 6
TAG_BYTES = 16


def authority_scalar(master_secret: bytes) -> bytes:
    return _scalar(master_secret, AUTHORITY_SIGNING)


def white_scalar(master_secret: bytes, white_id: int) -> bytes:
    return _scalar(master_secret, WHITE_SIGNING + _u32(white_id))


def machine_key(master_secret: bytes, machine_id: int, epoch: int) -> bytes:
    return _derive(master_secret, MACHINE + _u32(machine_id) + _u32(epoch), 32)


def institution_key(master_secret: bytes, institution: int) -> bytes:
    return _derive(master_secret, INSTITUTION + _u32(institution), 32)


def uplink_key(machine_key: bytes) -> bytes:
    return _derive(machine_key, UPLINK, 16)


def downlink_key(machine_key: bytes) -> bytes:
    return _derive(machine_key, DOWNLINK, 16)


def nonce_key(machine_key: bytes) -> bytes:
    return _derive(machine_key, NONCE, 32)


def journal_key(machine_key: bytes) -> bytes:
    return _derive(machine_key, JOURNAL, 32)


def batch_key(white_scalar: bytes, batch_id: int) -> bytes:
    """From the white card's scalar, so that master card and PIN restore every batch."""
    return _derive(white_scalar, BATCH + _u32(batch_id), BATCH_KEY_BYTES)


def seal_batch_key(machine_key: bytes, certificate_body: bytes, batch_key: bytes) -> bytes:
    if len(batch_key) != BATCH_KEY_BYTES:
        raise BadKey("a batch key has 32 bytes")
    key, nonce = _batch_seal(machine_key, certificate_body)
    return ccm.seal(key, nonce, batch_key, certificate_body)


def open_batch_key(machine_key: bytes, certificate_body: bytes, sealed: bytes) -> bytes:
    if len(sealed) != SEALED_BATCH_KEY_BYTES:
        raise Malformed("a sealed batch key has 40 bytes")
    key, nonce = _batch_seal(machine_key, certificate_body)
    return ccm.open_(key, nonce, sealed, certificate_body)


def one_time_tag(batch_key: bytes, uid: bytes, batch_id: int, credit: int) -> bytes:
    return hmac_sha256(batch_key, ONE_TIME_TAG + _uid(uid) + _u32(batch_id) + _u32(credit))[:TAG_BYTES]


def one_time_access_key(batch_key: bytes, uid: bytes) -> bytes:
    return hmac_sha256(batch_key, ONE_TIME_ACCESS + _uid(uid))[:ACCESS_KEY_BYTES]


def batch_access_key(institution_key: bytes, uid: bytes) -> bytes:
    return hmac_sha256(institution_key, BATCH_ACCESS + _uid(uid))[:ACCESS_KEY_BYTES]


def burn_mark(batch_key: bytes, uid: bytes, machine_id: int, credit: int) -> bytes:
    return hmac_sha256(batch_key, BURN_MARK + _uid(uid) + _u32(machine_id) + _u32(credit))[:TAG_BYTES]


def _derive(secret: bytes, info: bytes, length: int) -> bytes:
    if len(secret) != 32:
        raise BadKey("keys are derived from 32 bytes")
    return hkdf_sha256(secret, SALT, info, length)


def _scalar(secret: bytes, info: bytes) -> bytes:
    """48 bytes modulo n - 1, plus 1: a bias below 2^-128 (FIPS 186-5 A.2.1)."""
    number = int.from_bytes(_derive(secret, info, 48), "big")
    return (number % (P256_ORDER - 1) + 1).to_bytes(32, "big")


def _batch_seal(machine_key: bytes, certificate_body: bytes) -> tuple[bytes, bytes]:
    """Key and nonce of their own for every certificate: one pair seals one K_batch and nothing else, ever."""
    output = _derive(machine_key, BATCH_SEAL + certificate_body, 16 + 13)
    return output[:16], output[16:]


def _u32(number: int) -> bytes:
    if not 0 <= number <= 0xFFFFFFFF:
        raise OutOfRange("not a 32-bit number")
    return number.to_bytes(4, "big")


def _uid(uid: bytes) -> bytes:
    if len(uid) not in (4, 7, 10):
        raise Malformed("a UID has 4, 7 or 10 bytes")
    return bytes([len(uid)]) + uid
