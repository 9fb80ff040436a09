"""CBOR: RFC 8949 appendix A as far as we use it, and only the deterministic form."""

from protocol import cbor

from tests.firmware.protocol.support import error_code, unhex

# RFC 8949 appendix A.
EXAMPLES: tuple[tuple[object, str], ...] = (
    (0, "00"),
    (1, "01"),
    (10, "0a"),
    (23, "17"),
    (24, "1818"),
    (25, "1819"),
    (100, "1864"),
    (1000, "1903e8"),
    (1000000, "1a000f4240"),
    (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (-1, "20"),
    (-10, "29"),
    (-100, "3863"),
    (-1000, "3903e7"),
    (False, "f4"),
    (True, "f5"),
    (None, "f6"),
    (b"", "40"),
    (b"\1\2\3\4", "4401020304"),
    ("", "60"),
    ("a", "6161"),
    ("IETF", "6449455446"),
    ("\u00fc", "62c3bc"),
    ("\u6c34", "63e6b0b4"),
    ([], "80"),
    ([1, 2, 3], "83010203"),
    ([1, [2, 3], [4, 5]], "8301820203820405"),
    ({}, "a0"),
    ({1: 2, 3: 4}, "a201020304"),
    ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
    (["a", {"b": "c"}], "826161a161626163"),
    (cbor.Tag(1, 1363896240), "c11a514b67b0"),
    (cbor.Tag(23, b"\1\2\3\4"), "d74401020304"),
)

REFUSED = (
    ("", "malformed"),
    ("18", "malformed"),  # cut short
    ("1817", "malformed"),  # 23 in two bytes
    ("190017", "malformed"),
    ("1900ff", "malformed"),
    ("1a0000ffff", "malformed"),
    ("1b00000000ffffffff", "malformed"),
    ("1c", "malformed"),
    ("5f", "malformed"),  # indefinite length
    ("ff", "malformed"),
    ("f7", "malformed"),  # undefined
    ("f818", "malformed"),
    ("f90000", "malformed"),  # floats
    ("fa47c35000", "malformed"),
    ("fb3ff199999999999a", "malformed"),
    ("0000", "malformed"),  # two items
    ("4401", "malformed"),
    ("5bffffffffffffffff", "malformed"),
    ("61ff", "malformed"),  # no UTF-8
    ("8201", "malformed"),
    ("9bffffffffffffffff", "too_long"),
    ("bbffffffffffffffff", "too_long"),
    ("a2030401020", "malformed"),  # keys out of order
    ("a201000101", "malformed"),  # the same key twice
    ("a1f500", "malformed"),  # key that is no number, text or bytes
    ("a18000", "malformed"),
    ("818181818181818181818100", "too_long"),
    ("c1c1c1c1c1c1c1c1c1c1c100", "too_long"),
)


def test_examples() -> None:
    for value, text in EXAMPLES:
        assert cbor.encode(value) == unhex(text), text
        assert cbor.decode(unhex(text)) == value, text


def test_refused() -> None:
    for text, code in REFUSED:
        data = unhex(text if len(text) % 2 == 0 else text + "0")
        assert error_code(cbor.decode, data) == code, text


def test_keys_are_ordered_by_their_bytes() -> None:
    data = cbor.encode({"aa": 0, "z": 0, 100: 0, -1: 0, 10: 0})
    assert data == unhex("a50a001864002000617a0062616100")
    assert cbor.decode(data) == {"aa": 0, "z": 0, 100: 0, -1: 0, 10: 0}
    assert cbor.encode({b"x": 0, 10: 0}) == unhex("a20a00417800")


def test_what_cannot_be_encoded() -> None:
    assert error_code(cbor.encode, 1.5) == "malformed"
    assert error_code(cbor.encode, {None: 1}) == "malformed"
    assert error_code(cbor.encode, 1 << 64) == "out_of_range"
    assert error_code(cbor.encode, -(1 << 64) - 1) == "out_of_range"
    assert error_code(cbor.encode, bytes(cbor.MAX_BYTES)) == "too_long"
    assert error_code(cbor.decode, bytes(cbor.MAX_BYTES + 1)) == "too_long"
    nested: list[object] = []
    nested.append(nested)
    assert error_code(cbor.encode, nested) == "too_long"


def test_depth_is_the_same_both_ways() -> None:
    value: object = 0
    for _ in range(cbor.MAX_DEPTH):
        value = [value]
    assert cbor.decode(cbor.encode(value)) == value
    assert error_code(cbor.encode, [value]) == "too_long"
