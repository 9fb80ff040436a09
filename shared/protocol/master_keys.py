"""Keys that hang on the master card's secret (law and the other keys: keys.py)."""

from protocol import ccm
from protocol.errors import BadKey
from protocol.keys import batch_seal, derive, u32

AUTHORITY_SIGNING = b"authority signing"  # P-256 scalar that signs white certificates and provisioning
WHITE_SIGNING = b"white signing"  # P-256 scalar of one white card, signs its batch certificates
MACHINE = b"machine"  # root of one machine's keys in one provisioning epoch
INSTITUTION = b"institution"  # root of one institution's card keys
BATCH = b"batch"  # K_batch of one batch

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

BATCH_KEY_BYTES = 32


def authority_scalar(master_secret: bytes) -> bytes:
    return _scalar(master_secret, AUTHORITY_SIGNING)


def white_scalar(master_secret: bytes, white_id: int) -> bytes:
    return _scalar(master_secret, WHITE_SIGNING + u32(white_id))


def machine_key(master_secret: bytes, machine_id: int, epoch: int) -> bytes:
    return derive(master_secret, MACHINE + u32(machine_id) + u32(epoch), 32)


def institution_key(master_secret: bytes, institution: int) -> bytes:
    return derive(master_secret, INSTITUTION + u32(institution), 32)


def batch_key(white_scalar: bytes, batch_id: int) -> bytes:
    """From the white card's scalar, so that master card and PIN restore every batch."""
    return derive(white_scalar, BATCH + u32(batch_id), BATCH_KEY_BYTES)


def seal_batch_key(machine_key: bytes, certificate_body: bytes, batch_key: bytes) -> bytes:
    if len(batch_key) != BATCH_KEY_BYTES:
        raise BadKey("a batch key has 32 bytes")
    key, nonce = batch_seal(machine_key, certificate_body)
    return ccm.seal(key, nonce, batch_key, certificate_body)


def _scalar(secret: bytes, info: bytes) -> bytes:
    """48 bytes modulo n - 1, plus 1: a bias below 2^-128 (FIPS 186-5 A.2.1)."""
    number = int.from_bytes(derive(secret, info, 48), "big")
    return (number % (P256_ORDER - 1) + 1).to_bytes(32, "big")
