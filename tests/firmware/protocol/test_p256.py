"""P-256 verification: RFC 6979, NIST's signatures and points, and the edges where implementations go wrong."""

from protocol import p256, p256_portable
from protocol.errors import ProtocolError

from tests.firmware.protocol.support import public_key, sign, unhex, vectors


def outcome(function: object, vector: dict[str, str]) -> str:
    try:
        function(unhex(vector["key"]), unhex(vector["message"]), unhex(vector["signature"]))  # type: ignore[operator]
    except ProtocolError as error:
        return error.code
    return "valid"


def test_vectors() -> None:
    for vector in vectors("p256.json"):
        assert outcome(p256.verify, vector) == vector["result"], vector["name"]


def test_vectors_with_the_portable_code() -> None:
    for vector in vectors("p256.json"):
        if len(vector["key"]) == 128 and len(vector["signature"]) == 128:
            assert outcome(p256_portable.verify, vector) == vector["result"], vector["name"]


def test_every_byte_of_a_signature_counts() -> None:
    scalar = bytes(31) + b"\x2a"
    key, signature = public_key(scalar), sign(scalar, b"message")
    p256.verify(key, b"message", signature)
    for position in range(0, 64, 7):
        wrong = bytearray(signature)
        wrong[position] ^= 1
        vector = {"key": key.hex(), "message": b"message".hex(), "signature": bytes(wrong).hex()}
        assert outcome(p256.verify, vector) == "bad_signature", position
