"""AES-CCM against RFC 3610, in the portable form and in the interpreter's own."""

from protocol import ccm

from tests.firmware.protocol.support import error_code, unhex, vectors


def test_packets_of_rfc_3610() -> None:
    for vector in vectors("rfc3610.json"):
        key, nonce, aad = unhex(vector["key"]), unhex(vector["nonce"]), unhex(vector["aad"])
        plaintext, sealed, tag_length = unhex(vector["plaintext"]), unhex(vector["sealed"]), vector["tag_length"]
        for seal, open_ in ((ccm.seal, ccm.open_), (ccm.seal_portable, ccm.open_portable)):
            assert seal(key, nonce, plaintext, aad, tag_length) == sealed, vector["name"]
            assert open_(key, nonce, sealed, aad, tag_length) == plaintext, vector["name"]


def test_every_altered_bit_is_noticed() -> None:
    key, nonce, aad = b"k" * 16, b"n" * 13, b"a"
    sealed = ccm.seal(key, nonce, b"text", aad)
    for position in range(8 * len(sealed)):
        wrong = bytearray(sealed)
        wrong[position // 8] ^= 1 << position % 8
        assert error_code(ccm.open_, key, nonce, bytes(wrong), aad) == "bad_tag"
        assert error_code(ccm.open_portable, key, nonce, bytes(wrong), aad, 8) == "bad_tag"


def test_another_key_nonce_or_aad_is_noticed() -> None:
    sealed = ccm.seal(b"k" * 16, b"n" * 13, b"text", b"a")
    assert error_code(ccm.open_, b"K" * 16, b"n" * 13, sealed, b"a") == "bad_tag"
    assert error_code(ccm.open_, b"k" * 16, b"N" * 13, sealed, b"a") == "bad_tag"
    assert error_code(ccm.open_, b"k" * 16, b"n" * 13, sealed, b"b") == "bad_tag"
    assert error_code(ccm.open_, b"k" * 16, b"n" * 13, sealed) == "bad_tag"


def test_lengths_around_a_block() -> None:
    for length in (0, 1, 15, 16, 17, 31, 32, 33):
        data = bytes(range(length))
        for aad in (b"", data):
            sealed = ccm.seal_portable(b"k" * 16, b"n" * 13, data, aad, 8)
            assert sealed == ccm.seal(b"k" * 16, b"n" * 13, data, aad)
            assert ccm.open_portable(b"k" * 16, b"n" * 13, sealed, aad, 8) == data


def test_bounds() -> None:
    assert error_code(ccm.seal, b"k" * 15, b"n" * 13, b"") == "bad_key"
    assert error_code(ccm.seal, b"k" * 16, b"n" * 14, b"") == "malformed"
    assert error_code(ccm.seal, b"k" * 16, b"n" * 6, b"") == "malformed"
    assert error_code(ccm.seal, b"k" * 16, b"n" * 13, b"", b"", 7) == "malformed"
    assert error_code(ccm.seal, b"k" * 16, b"n" * 13, bytes(65536)) == "too_long"
    assert error_code(ccm.seal, b"k" * 16, b"n" * 13, b"", bytes(65280)) == "too_long"
    assert error_code(ccm.open_, b"k" * 16, b"n" * 13, b"1234567") == "malformed"
