"""Message authentication and key derivation: HMAC-SHA256 (RFC 2104), HKDF (RFC 5869), AES-CMAC (RFC 4493)."""

import hashlib
import sys

from protocol.errors import TooLong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from protocol.cmac import aes_cmac as aes_cmac

BLOCK_BYTES = 64  # SHA-256's block
DIGEST_BYTES = 32
HKDF_MAX_BYTES = 255 * DIGEST_BYTES

# The pads as numbers: one big-integer xor instead of 64 byte operations, because a tap makes several HMACs.
_INNER_PAD = int.from_bytes(b"\x36" * BLOCK_BYTES, "big")
_OUTER_PAD = int.from_bytes(b"\x5c" * BLOCK_BYTES, "big")


def hmac_portable(key: bytes, message: bytes) -> bytes:
    if len(key) > BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
    number = int.from_bytes(key, "big") << (8 * (BLOCK_BYTES - len(key)))
    inner = hashlib.sha256((number ^ _INNER_PAD).to_bytes(BLOCK_BYTES, "big"))
    inner.update(message)
    outer = hashlib.sha256((number ^ _OUTER_PAD).to_bytes(BLOCK_BYTES, "big"))
    outer.update(inner.digest())
    return outer.digest()


if sys.implementation.name == "micropython":
    hmac_sha256 = hmac_portable
else:
    import hmac

    def hmac_sha256(key: bytes, message: bytes) -> bytes:
        return hmac.digest(key, message, "sha256")


def hkdf_sha256(ikm: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    if not 0 < length <= HKDF_MAX_BYTES:
        raise TooLong("HKDF gives 1 to 8160 bytes")
    key = hmac_sha256(salt, ikm)
    block = b""
    output = b""
    counter = 1
    while len(output) < length:
        block = hmac_sha256(key, block + info + bytes([counter]))
        output += block
        counter += 1
    return output[:length]


def equal(a: bytes, b: bytes) -> bool:
    """Compare without leaving early, so that the time tells nothing about the first wrong byte."""
    if len(a) != len(b):
        return False
    difference = 0
    for index in range(len(a)):
        difference |= a[index] ^ b[index]
    return difference == 0


def __getattr__(name: str) -> "Any":
    """CMAC needs AES, which not every machine has in memory for its HMACs."""
    if name != "aes_cmac":
        raise AttributeError(name)
    from protocol import cmac

    return cmac.aes_cmac
