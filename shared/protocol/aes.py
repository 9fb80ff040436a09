"""The AES block cipher on both interpreters, and the two modes that CCM is made of."""

import sys

from protocol.errors import BadKey, Malformed

_ECB = 1  # cryptolib's number of the mode

if sys.implementation.name == "micropython":
    # Not an import statement: CPython's type checker has no such module.
    _cryptolib = __import__("cryptolib")

    class Aes:
        def __init__(self, key: bytes) -> None:
            _check_key(key)
            self._cipher = _cryptolib.aes(key, _ECB)

        def encrypt_block(self, block: bytes) -> bytes:
            _check_block(block)
            encrypted: bytes = self._cipher.encrypt(block)
            return encrypted

else:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    class Aes:  # type: ignore[no-redef]
        def __init__(self, key: bytes) -> None:
            _check_key(key)
            # ECB of single blocks is what every mode is made of; nothing is ever sealed with it alone.
            self._cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305

        def encrypt_block(self, block: bytes) -> bytes:
            _check_block(block)
            return self._cipher.update(block)


def counter_mode(cipher: Aes, first: int, data: bytes) -> bytes:
    """Xor the data with the key stream of counter blocks first, first + 1, ..."""
    output = b""
    for offset in range(0, len(data), 16):
        stream = cipher.encrypt_block((first + offset // 16).to_bytes(16, "big"))
        output += xored(data[offset : offset + 16], stream)
    return output


def chained_mac(cipher: Aes, data: bytes) -> bytes:
    """CBC-MAC of data that is a multiple of 16 bytes."""
    state = bytes(16)
    for offset in range(0, len(data), 16):
        state = cipher.encrypt_block(xored(data[offset : offset + 16], state))
    return state


def xored(a: bytes, b: bytes) -> bytes:
    """a xor as many bytes of b."""
    length = len(a)
    return (int.from_bytes(a, "big") ^ int.from_bytes(b[:length], "big")).to_bytes(length, "big")


def _check_key(key: bytes) -> None:
    if len(key) not in (16, 32):
        raise BadKey("an AES key has 16 or 32 bytes")


def _check_block(block: bytes) -> None:
    if len(block) != 16:
        raise Malformed("an AES block has 16 bytes")
