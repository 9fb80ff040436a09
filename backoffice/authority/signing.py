"""ECDSA P-256 as the cards need it: keys from a 32-byte scalar, raw points and raw signatures, RFC 6979 nonces."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

NUMBER_BYTES = 32


def public_key(scalar: bytes) -> bytes:
    """X || Y of a private scalar's public point."""
    numbers = _private_key(scalar).public_key().public_numbers()
    return numbers.x.to_bytes(NUMBER_BYTES, "big") + numbers.y.to_bytes(NUMBER_BYTES, "big")


def sign(scalar: bytes, message: bytes) -> bytes:
    """r || s. The nonce is derived from key and message (RFC 6979): no bad random number can betray the key."""
    signature = _private_key(scalar).sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))
    r, s = decode_dss_signature(signature)
    return r.to_bytes(NUMBER_BYTES, "big") + s.to_bytes(NUMBER_BYTES, "big")


def _private_key(scalar: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
