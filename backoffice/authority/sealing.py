"""What a PIN protects on a card: sealed with a memory-hard function whose parameters travel with it.

Law of the sealed value: version u8, KDF u8, log2 of memory in KiB u8, passes u8, lanes u8, salt 16 B, AES-256-GCM
ciphertext and tag. Numbers are never reused; a new layout gets a new version. The KDF is Argon2id (RFC 9106). The key
is used once, for this salt, so the GCM nonce is constant. The card is read only after authentication with a key that
the server holds, so the card alone does not even allow guessing. Both take their turn (backoffice/hashing.py).
"""

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from backoffice.errors import CannotUnseal, WrongPin

VERSION = 1
KDF_ARGON2ID = 1
SALT_BYTES = 16
KEY_BYTES = 32
TAG_BYTES = 16
HEADER_BYTES = 5
NONCE = bytes(12)
MEMORY_LOG2_MIN, MEMORY_LOG2_MAX = 3, 17
"""8 KiB (RFC 9106 3.1) to 128 MiB: a card may have been altered, and the server has to live."""
PASSES_MAX, LANES_MAX = 16, 4
MEMORY_LOG2_PER_LANE = 3  # Argon2 wants at least 8 KiB a lane


@dataclass(frozen=True)
class Cost:
    """How dear one guess of a PIN is made."""

    memory_log2_kib: int = 16
    passes: int = 3
    lanes: int = 1

    def __post_init__(self) -> None:
        memory_fits = max(MEMORY_LOG2_MIN, MEMORY_LOG2_PER_LANE + self.lanes.bit_length() - 1) <= self.memory_log2_kib
        if not memory_fits or self.memory_log2_kib > MEMORY_LOG2_MAX:
            raise ValueError("memory out of bounds")
        if not 1 <= self.passes <= PASSES_MAX or not 1 <= self.lanes <= LANES_MAX:
            raise ValueError("passes or lanes out of bounds")

    def words(self) -> str:
        """The parameters as they are recorded in the database."""
        return f"argon2id m={1 << self.memory_log2_kib}KiB t={self.passes} p={self.lanes}"


def seal(pin: str, secret: bytes, context: bytes, cost: Cost) -> bytes:
    """Seal a secret under a PIN. `context` says whose it is: the value opens for that context only."""
    header = bytes((VERSION, KDF_ARGON2ID, cost.memory_log2_kib, cost.passes, cost.lanes))
    salt = secrets.token_bytes(SALT_BYTES)
    return header + salt + AESGCM(_key(pin, salt, cost)).encrypt(NONCE, secret, header + context)


def open_(pin: str, sealed: bytes, context: bytes) -> bytes:
    """The secret. Raises WrongPin, or CannotUnseal for what was never sealed by us."""
    if len(sealed) < HEADER_BYTES + SALT_BYTES + TAG_BYTES or sealed[0] != VERSION or sealed[1] != KDF_ARGON2ID:
        raise CannotUnseal("the card's sealed part has an unknown form")
    header, salt = sealed[:HEADER_BYTES], sealed[HEADER_BYTES : HEADER_BYTES + SALT_BYTES]
    try:
        key = _key(pin, salt, Cost(*header[2:]))
    except ValueError as error:
        raise CannotUnseal("the card's sealed part has parameters out of bounds") from error
    try:
        return AESGCM(key).decrypt(NONCE, sealed[HEADER_BYTES + SALT_BYTES :], header + context)
    except InvalidTag:
        raise WrongPin() from None


def _key(pin: str, salt: bytes, cost: Cost) -> bytes:
    kdf = Argon2id(
        salt=salt,
        length=KEY_BYTES,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=1 << cost.memory_log2_kib,
    )
    return kdf.derive(pin.encode())
