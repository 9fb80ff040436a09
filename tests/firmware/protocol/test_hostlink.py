"""Lines of the host link: what a program writes, what a person types, and what is refused."""

from protocol import hostlink

from tests.firmware.protocol.support import error_code


def test_crc_of_the_standard() -> None:
    assert hostlink.crc16(b"123456789") == 0x29B1  # the check value of CRC-16/CCITT-FALSE
    assert hostlink.crc16(b"") == 0xFFFF


def test_round_trip() -> None:
    for message in (
        hostlink.request(1, "card.wait", {"timeout_ms": 5000}),
        hostlink.notification("tap", {"reason": "granted", "uid": "04a1b2c3"}),
        hostlink.result(1, {"lines": ["OK", "可以"], "free": None, "locked": False}),
        hostlink.failure(1, hostlink.REFUSED, "used", "This card was used before", {"credit": 7}),
    ):
        for checksum in (True, False):
            line = hostlink.encode(message, checksum)
            assert line.endswith(b"\n")
            assert hostlink.decode(line) == message
        assert hostlink.decode(hostlink.encode(message), True) == message
        assert error_code(hostlink.decode, hostlink.encode(message, False), True) == "bad_checksum"


def test_a_stored_line() -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {}}
    assert hostlink.decode(b'{"jsonrpc":"2.0","id":1,"method":"hello","params":{}}*4DC6', True) == message


def test_a_failure_carries_its_reason() -> None:
    error = hostlink.failure(3, hostlink.REFUSED, "busy", "Wait")["error"]
    assert error == {"code": -32000, "message": "Wait", "data": {"reason": "busy"}}


def test_what_a_person_types() -> None:
    assert hostlink.decode(b' {"method": "hello", "id": 1}\r\n') == {"method": "hello", "id": 1}
    assert hostlink.decode(b'{"a":"*abc"}') == {"a": "*abc"}
    assert hostlink.decode(b'{"a":"}*ab"}') == {"a": "}*ab"}
    good = hostlink.encode({"a": 1})
    assert hostlink.decode(good.lower()) == {"a": 1}
    assert hostlink.read_request({"method": "hello"}) == (None, "hello", {})


def test_a_wrong_checksum_is_always_refused() -> None:
    line = hostlink.encode({"a": 1})
    for wrong in (line.replace(b"1", b"2", 1), line[:-2] + b"G\n", line[:-5] + b"    \n"):
        assert error_code(hostlink.decode, wrong) in ("bad_checksum", "malformed"), wrong
    assert error_code(hostlink.decode, b'{"a":1}*12 4') == "bad_checksum"
    assert error_code(hostlink.decode, b'{"a":1}*+123') == "bad_checksum"


def test_refused_lines() -> None:
    for line, code in (
        (b"", "malformed"),
        (b"\n", "malformed"),
        (b"hello", "malformed"),
        (b"[]", "malformed"),
        (b"1", "malformed"),
        (b"null", "malformed"),
        (b'{"a":', "malformed"),
        (b'{"a":1.5}', "malformed"),
        (b'{"a":1e3}', "malformed"),
        (b'{"a":9223372036854775808}', "out_of_range"),
        (b'{"a":[-9223372036854775808]}', "out_of_range"),
        (b'{"a":"\xff"}', "malformed"),
        (b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", "too_long"),
        (b'{"a":"' + b"x" * 2048 + b'"}', "too_long"),
    ):
        assert error_code(hostlink.decode, line) == code, line[:40]


# What one or the other interpreter's own parser lets pass, or its neighbours.
NOT_JSON = (
    b'{"a":1}x',
    b'{"a":1}{"b":2}',
    b'{"a":1,}',
    b'{"a":1,,"b":2}',
    b'{"a" 1}',
    b'{"a"}',
    b'{"a":}',
    b"{,}",
    b'{"a":1]',
    b'{"a":[1}}',
    b'{"a":[1,]}',
    b'{"a":1}}',
    b'{"a":1 "b":2}',
    b"{'a':1}",
    b"{a:1}",
    b"{1:2}",
    b"{null:1}",
    b'{"a":01}',
    b'{"a":-01}',
    b'{"a":-}',
    b'{"a":+1}',
    b'{"a":.5}',
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":tru}',
    b'{"a":True}',
    b'{"a":"\\x"}',
    b'{"a":"\\ud800"}',
    b'{"a":"\t"}',
    b'{"a":"b}',
    b'{"a":"b\\"}',
)


def test_both_interpreters_know_what_json_is() -> None:
    for line in NOT_JSON:
        assert error_code(hostlink.decode, line) == "malformed", line


def test_json_in_every_shape() -> None:
    lines: tuple[tuple[bytes, dict[str, object]], ...] = (
        (b"{}", {}),
        (b' { "a" : [ ] , "b" : { } } ', {"a": [], "b": {}}),
        (b'{"a":[1,-2,0,[true,false,null]]}', {"a": [1, -2, 0, [True, False, None]]}),
        (b'{"b":{"c":{"d":""}}}', {"b": {"c": {"d": ""}}}),
        (b'{"\\"\\\\":"\\u00e9\\n\\/{[,:"}', {'"\\': "\u00e9\n/{[,:"}),
        ('{"a":"\u53ef\U0001f600"}'.encode(), {"a": "\u53ef\U0001f600"}),
    )
    for line, message in lines:
        assert hostlink.decode(line) == message, line
        assert hostlink.decode(hostlink.encode(message)) == message


def test_limits_of_encode() -> None:
    fits = hostlink.encode({"a": "x" * 2033})
    assert len(fits) <= hostlink.MAX_LINE_BYTES
    assert hostlink.decode(fits) == {"a": "x" * 2033}
    assert error_code(hostlink.encode, {"a": "x" * 2048}) == "too_long"


def test_requests() -> None:
    assert hostlink.read_request(hostlink.request(4, "status")) == (4, "status", {})
    for message in (
        {},
        {"method": 1},
        {"method": "a", "params": [1]},
        {"method": "a", "jsonrpc": "1.0"},
        {"method": "a", "id": [1]},
        {"method": "a", "id": {}},
    ):
        assert error_code(hostlink.read_request, message) == "malformed", message
