"""HMAC, HKDF and CMAC against RFC 4231, RFC 5869 and RFC 4493."""

from protocol import mac

from tests.firmware.protocol.support import error_code, unhex, vectors


def test_hmac_of_rfc_4231() -> None:
    for vector in vectors("rfc4231.json"):
        tag = unhex(vector["tag"])
        for hmac in (mac.hmac_sha256, mac.hmac_portable):
            assert hmac(unhex(vector["key"]), unhex(vector["message"]))[: len(tag)] == tag, vector["name"]


def test_hkdf_of_rfc_5869() -> None:
    for vector in vectors("rfc5869.json"):
        okm = mac.hkdf_sha256(unhex(vector["ikm"]), unhex(vector["salt"]), unhex(vector["info"]), vector["length"])
        assert okm == unhex(vector["okm"]), vector["name"]


def test_hkdf_bounds_its_length() -> None:
    assert len(mac.hkdf_sha256(b"k" * 32, b"", b"", 8160)) == 8160
    assert error_code(mac.hkdf_sha256, b"k" * 32, b"", b"", 8161) == "too_long"
    assert error_code(mac.hkdf_sha256, b"k" * 32, b"", b"", 0) == "too_long"


def test_cmac_of_rfc_4493() -> None:
    for vector in vectors("rfc4493.json"):
        assert mac.aes_cmac(unhex(vector["key"]), unhex(vector["message"])) == unhex(vector["tag"]), vector["name"]


def test_cmac_refuses_other_keys() -> None:
    assert error_code(mac.aes_cmac, b"short", b"") == "bad_key"


def test_equal() -> None:
    assert mac.equal(b"", b"")
    assert mac.equal(b"abc", b"abc")
    assert not mac.equal(b"abc", b"abd")
    assert not mac.equal(b"bbc", b"abc")
    assert not mac.equal(b"abc", b"abcd")
