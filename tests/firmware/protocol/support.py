"""What the protocol's tests share on both interpreters: vectors, expected errors, a seeded source, a signer."""

import hashlib
import json

import protocol
from protocol import p256_portable
from protocol.errors import ProtocolError
from protocol.mac import hmac_sha256

MASTER_SECRET = bytes(range(32))


def vectors(name: str) -> list:  # type: ignore[type-arg]
    folder = protocol.__file__.rsplit("/", 1)[0]
    with open(folder + "/vectors/" + name) as file:
        loaded: list = json.load(file)["vectors"]  # type: ignore[type-arg]
    assert loaded, name
    return loaded


def unhex(text: str) -> bytes:
    return bytes.fromhex(text)


def error_code(function: object, *arguments: object) -> str:
    """The code of the ProtocolError that the call raises; any other outcome fails the test."""
    try:
        function(*arguments)  # type: ignore[operator]
    except ProtocolError as error:
        return error.code
    raise AssertionError("no error from " + repr(function))


def accepts(function: object, *arguments: object) -> bool:
    """Whether the call raises no ProtocolError."""
    try:
        function(*arguments)  # type: ignore[operator]
    except ProtocolError:
        return False
    return True


class Source:
    """A small seeded generator (xorshift), the same on both interpreters."""

    def __init__(self, seed: int) -> None:
        self.state = seed * 2654435761 % (1 << 32) or 1

    def below(self, limit: int) -> int:
        state = self.state
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        self.state = state
        return state % limit

    def bytes_(self, length: int) -> bytes:
        return bytes([self.below(256) for _ in range(length)])


def altered(source: Source, original: bytes) -> bytes:
    """The data with one to three small damages: a bit, a byte, a cut, a doubled piece, bytes more."""
    data = bytearray(original)
    for _ in range(1 + source.below(3)):
        kind = source.below(6)
        place = source.below(len(data)) if data else 0
        if kind == 0 and data:
            data[place] ^= 1 << source.below(8)
        elif kind == 1 and data:
            data[place] = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)[source.below(6)]
        elif kind == 2:
            data = data[:place]
        elif kind == 3:
            data = data[:place] + data[place:] + data[place : place + 8]
        elif kind == 4:
            data = data[:place] + data[place + 1 :]
        else:
            data = data[:place] + bytearray(source.bytes_(1 + source.below(4))) + data[place:]
    return bytes(data)


def public_key(scalar: bytes) -> bytes:
    x, y = _affine(_multiple(int.from_bytes(scalar, "big")))
    return x.to_bytes(32, "big") + y.to_bytes(32, "big")


def sign(scalar: bytes, message: bytes) -> bytes:
    """For tests only: devices never sign. The nonce is fixed by key and message, so signatures can be stored."""
    order = p256_portable.N
    digest = hashlib.sha256(message).digest()
    nonce = int.from_bytes(hmac_sha256(scalar, digest), "big") % order
    r = _affine(_multiple(nonce))[0] % order
    secret = int.from_bytes(scalar, "big")
    s = p256_portable._inverse(nonce, order) * (int.from_bytes(digest, "big") + r * secret) % order
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _multiple(scalar: int) -> tuple[int, int, int]:
    return p256_portable._double_product(scalar, p256_portable.G, 0, p256_portable.G)


def _affine(point: tuple[int, int, int]) -> tuple[int, int]:
    x, y, z = point
    inverse = p256_portable._inverse(z, p256_portable.P)
    square = inverse * inverse % p256_portable.P
    return x * square % p256_portable.P, y * square * inverse % p256_portable.P
