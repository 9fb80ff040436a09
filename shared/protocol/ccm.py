"""AES-CCM (RFC 3610, NIST SP 800-38C): seal and open with any nonce of 7 to 13 bytes."""

import sys

from protocol.aes import Aes, chained_mac, counter_mode, xored
from protocol.errors import BadKey, BadTag, Malformed, TooLong
from protocol.mac import equal

MAX_PLAINTEXT_BYTES = 0xFFFF
MAX_AAD_BYTES = 0xFEFF  # the two-byte length form of RFC 3610 2.2

NATIVE = sys.implementation.name != "micropython"
if NATIVE:
    # The same bytes from OpenSSL: the back office opens thousands of messages a second.
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESCCM


def seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes = b"", tag_length: int = 8) -> bytes:
    """Ciphertext followed by the tag."""
    _check(key, nonce, len(plaintext), aad, tag_length)
    if not NATIVE:
        return seal_portable(key, nonce, plaintext, aad, tag_length)
    return AESCCM(key, tag_length).encrypt(nonce, plaintext, aad)


def open_(key: bytes, nonce: bytes, sealed: bytes, aad: bytes = b"", tag_length: int = 8) -> bytes:
    _check(key, nonce, max(0, len(sealed) - tag_length), aad, tag_length)
    if len(sealed) < tag_length:
        raise Malformed("shorter than its tag")
    if not NATIVE:
        return open_portable(key, nonce, sealed, aad, tag_length)
    try:
        return AESCCM(key, tag_length).decrypt(nonce, sealed, aad)
    except InvalidTag:
        raise BadTag("sealed bytes were altered, or the key is another") from None


def seal_portable(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes, tag_length: int) -> bytes:
    cipher = Aes(key)
    first = _counter_block(nonce)
    tag = xored(_mac(cipher, nonce, plaintext, aad, tag_length)[:tag_length], cipher.encrypt_block(first))
    return counter_mode(cipher, int.from_bytes(first, "big") + 1, plaintext) + tag


def open_portable(key: bytes, nonce: bytes, sealed: bytes, aad: bytes, tag_length: int) -> bytes:
    cipher = Aes(key)
    first = _counter_block(nonce)
    length = len(sealed) - tag_length
    plaintext = counter_mode(cipher, int.from_bytes(first, "big") + 1, sealed[:length])
    tag = xored(_mac(cipher, nonce, plaintext, aad, tag_length)[:tag_length], cipher.encrypt_block(first))
    if not equal(tag, sealed[length:]):
        raise BadTag("sealed bytes were altered, or the key is another")
    return plaintext


def _counter_block(nonce: bytes) -> bytes:
    """A_0 of RFC 3610 2.3."""
    length_bytes = 15 - len(nonce)
    return bytes([length_bytes - 1]) + nonce + bytes(length_bytes)


def _mac(cipher: Aes, nonce: bytes, plaintext: bytes, aad: bytes, tag_length: int) -> bytes:
    """CBC-MAC over B_0, the associated data and the plaintext (RFC 3610 2.2)."""
    length_bytes = 15 - len(nonce)
    flags = (64 if aad else 0) | ((tag_length - 2) // 2 << 3) | (length_bytes - 1)
    blocks = bytes([flags]) + nonce + len(plaintext).to_bytes(length_bytes, "big")
    if aad:
        blocks += _padded(len(aad).to_bytes(2, "big") + aad)
    return chained_mac(cipher, blocks + _padded(plaintext))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 16)


def _check(key: bytes, nonce: bytes, plaintext_length: int, aad: bytes, tag_length: int) -> None:
    if len(key) not in (16, 32):
        raise BadKey("an AES key has 16 or 32 bytes")
    if not 7 <= len(nonce) <= 13:
        raise Malformed("a CCM nonce has 7 to 13 bytes")
    if tag_length not in (4, 6, 8, 10, 12, 14, 16):
        raise Malformed("a CCM tag has 4, 6, ... 16 bytes")
    if plaintext_length > MAX_PLAINTEXT_BYTES or len(aad) > MAX_AAD_BYTES:
        raise TooLong("too long for one CCM message")
