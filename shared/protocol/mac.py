"""Message authentication and key derivation: HMAC-SHA256 (RFC 2104), HKDF (RFC 5869), AES-CMAC (RFC 4493)."""

import hashlib
import sys

from protocol.aes import Aes
from protocol.errors import BadKey, TooLong

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


def aes_cmac(key: bytes, message: bytes) -> bytes:
    if len(key) != 16:
        raise BadKey("AES-CMAC takes 16 key bytes")
    cipher = Aes(key)
    subkey = _doubled(int.from_bytes(cipher.encrypt_block(bytes(16)), "big"))
    count = max(1, (len(message) + 15) // 16)
    last = message[16 * (count - 1) :]
    if len(last) < 16:
        subkey = _doubled(subkey)
        last = last + b"\x80" + bytes(15 - len(last))
    state = 0
    for index in range(count - 1):
        state ^= int.from_bytes(message[16 * index : 16 * index + 16], "big")
        state = int.from_bytes(cipher.encrypt_block(state.to_bytes(16, "big")), "big")
    state ^= subkey ^ int.from_bytes(last, "big")
    return cipher.encrypt_block(state.to_bytes(16, "big"))


def equal(a: bytes, b: bytes) -> bool:
    """Compare without leaving early, so that the time tells nothing about the first wrong byte."""
    if len(a) != len(b):
        return False
    difference = 0
    for index in range(len(a)):
        difference |= a[index] ^ b[index]
    return difference == 0


def _doubled(value: int) -> int:
    """Multiply by x in GF(2^128) (RFC 4493 2.3)."""
    value <<= 1
    if value >> 128:
        value = (value & ((1 << 128) - 1)) ^ 0x87
    return value
