"""AES-CMAC (RFC 4493)."""

from protocol.aes import Aes
from protocol.errors import BadKey


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


def _doubled(value: int) -> int:
    """Multiply by x in GF(2^128) (RFC 4493 2.3)."""
    value <<= 1
    if value >> 128:
        value = (value & ((1 << 128) - 1)) ^ 0x87
    return value
