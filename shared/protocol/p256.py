"""ECDSA on P-256 with SHA-256: verification only, one function on both interpreters."""

import sys

from protocol.errors import BadKey, BadSignature

KEY_BYTES = 64
SIGNATURE_BYTES = 64

if sys.implementation.name == "micropython":
    from protocol import p256_portable

    def verify(public_key: bytes, message: bytes, signature: bytes) -> None:
        """Nothing, or BadKey (no point of the curve), or BadSignature."""
        _check_lengths(public_key, signature)
        p256_portable.verify(public_key, message, signature)

else:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    def verify(public_key: bytes, message: bytes, signature: bytes) -> None:
        """Nothing, or BadKey (no point of the curve), or BadSignature."""
        _check_lengths(public_key, signature)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + public_key)
        except ValueError:
            raise BadKey("no point of P-256") from None
        try:
            key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
        except InvalidSignature:
            raise BadSignature("the signature is not this key's over this message") from None


def _check_lengths(public_key: bytes, signature: bytes) -> None:
    if len(public_key) != KEY_BYTES:
        raise BadKey("a public key has 64 bytes, X then Y")
    if len(signature) != SIGNATURE_BYTES:
        raise BadSignature("a signature has 64 bytes, r then s")
