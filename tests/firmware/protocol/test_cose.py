"""COSE_Encrypt0 against the COSE working group's example, and what must be refused."""

from protocol import cbor, cose

from tests.firmware.protocol.support import error_code, unhex, vectors

KEY = b"k" * 16
IV = b"i" * 13


def test_examples() -> None:
    for vector in vectors("cose.json"):
        key, message = unhex(vector["key"]), unhex(vector["message"])
        if "error" in vector:
            assert error_code(cose.open_, key, message) == vector["error"], vector["name"]
            continue
        kid, iv, payload = unhex(vector["kid"]), unhex(vector["iv"]), unhex(vector["payload"])
        assert cose.seal(key, kid, iv, payload) == message
        assert cose.header(message) == (kid, iv)
        assert cose.open_(key, message) == payload


def test_round_trip_with_external_data() -> None:
    message = cose.seal(KEY, b"\0\0\0\7", IV, b"payload", b"context")
    assert cose.header(message) == (b"\0\0\0\7", IV)
    assert cose.open_(KEY, message, b"context") == b"payload"
    assert error_code(cose.open_, KEY, message) == "bad_tag"
    assert error_code(cose.open_, KEY, message, b"contexT") == "bad_tag"


def test_no_altered_byte_opens() -> None:
    message = cose.seal(KEY, b"\0\0\0\7", IV, b"payload")
    assert cose.open_(KEY, message) == b"payload"
    for position in range(len(message)):
        wrong = bytearray(message)
        wrong[position] ^= 0x11
        if cose_kid_place(message) <= position < cose_kid_place(message) + 4:
            continue  # the key id only says which key to try
        error_code(cose.open_, KEY, bytes(wrong))


def cose_kid_place(message: bytes) -> int:
    return message.find(b"\0\0\0\7")


def test_structure() -> None:
    sealed = bytes(8)
    protected = b"\xa1\x01\x0a"
    good = [protected, {4: b"kid", 5: IV}, sealed]
    assert error_code(cose.open_, KEY, cbor.encode(cbor.Tag(16, good))) == "bad_tag"
    for parts, code in (
        ([protected, {4: b"kid", 5: IV}], "malformed"),
        (good + [b""], "malformed"),  # noqa: RUF005 (MicroPython knows no [*good, ...])
        ([b"", {4: b"kid", 5: IV}, sealed], "unknown_kind"),
        ([{1: 10}, {4: b"kid", 5: IV}, sealed], "unknown_kind"),
        ([protected, {4: b"kid"}, sealed], "malformed"),
        ([protected, {4: b"kid", 5: IV, 6: b"\1"}, sealed], "malformed"),
        ([protected, {4: "kid", 5: IV}, sealed], "malformed"),
        ([protected, {4: bytes(17), 5: IV}, sealed], "malformed"),
        ([protected, {4: b"kid", 5: IV[1:]}, sealed], "malformed"),
        ([protected, {4: b"kid", 5: IV}, bytes(7)], "malformed"),
        ([protected, {4: b"kid", 5: IV}, None], "malformed"),
        (None, "malformed"),
    ):
        assert error_code(cose.open_, KEY, cbor.encode(cbor.Tag(16, parts))) == code, parts
    assert error_code(cose.open_, KEY, cbor.encode(good)) == "unknown_kind"
    assert error_code(cose.open_, b"short", cbor.encode(cbor.Tag(16, good))) == "bad_key"
    assert error_code(cose.seal, KEY, b"", IV[1:], b"") == "malformed"
