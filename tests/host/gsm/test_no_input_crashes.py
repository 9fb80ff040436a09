"""Whatever the network or the modem's line brings: an error with a code, bounded memory, and the parser goes on."""

from collections.abc import Callable

import pytest
from gsm import network_pdu
from gsm.errors import PduError
from gsm.lines import MAX_LINE_BYTES, LineParser, error_number, kind
from gsm.pdu import MAX_BYTES, Joiner, decode_deliver, decode_status_report, encode_submit
from gsm.timestamp import from_semi_octets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NOON = 1790000000
CODES = {"cut_short", "too_long", "number", "unknown_type", "compressed", "header"}

settings.register_profile(
    "gsm", deadline=None, max_examples=300, derandomize=True, suppress_health_check=list(HealthCheck)
)
settings.load_profile("gsm")

SAMPLES = (
    network_pdu.encode_deliver("+8613812345678", bytes(range(100)), NOON, 3, 1, 2),
    network_pdu.encode_deliver("Bank", "Hello {you}", NOON),
    network_pdu.encode_deliver("10086", "余额", NOON),
    network_pdu.encode_status_report(9, "+8610", 0, NOON, NOON),
    encode_submit("+8613812345678", bytes(140))[0][0],
)


def read_all(decode: Callable[[bytes], object], pdu: bytes) -> None:
    try:
        found = decode(pdu)
    except PduError as error:
        found = error
    assert getattr(found, "code", "header") in CODES
    for name in ("data", "text", "time", "delivered"):
        getattr(found, name, None)


@pytest.mark.parametrize("decode", [decode_deliver, decode_status_report, network_pdu.decode_submit])
@given(st.binary(max_size=250))
def test_any_bytes(decode: Callable[[bytes], object], pdu: bytes) -> None:
    read_all(decode, pdu)


@pytest.mark.parametrize("decode", [decode_deliver, decode_status_report, network_pdu.decode_submit])
@given(st.sampled_from(SAMPLES), st.data())
def test_a_damaged_message(decode: Callable[[bytes], object], pdu: bytes, data: st.DataObject) -> None:
    damaged = bytearray(pdu)
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(pdu) - 1), st.integers(0, 255)), max_size=4)):
        damaged[place] = value
    read_all(decode, bytes(damaged))


@given(st.binary(max_size=MAX_BYTES), st.text("0123456789", min_size=1, max_size=20), st.integers(0, 1000))
def test_what_we_send_arrives(content: bytes, digits: str, reference: int) -> None:
    joiner = Joiner()
    joined = None
    for pdu, _ in encode_submit("+" + digits, content, reference):
        submitted = network_pdu.decode_submit(pdu)
        joined = joiner.add(decode_deliver(network_pdu.forward(submitted, "+" + digits, NOON)))
    assert joined == content


@given(st.text(max_size=30), st.binary(max_size=600))
def test_what_we_refuse_to_send_has_a_code(number: str, content: bytes) -> None:
    code = "header"
    try:
        encode_submit(number, content)
    except PduError as error:
        code = error.code
    assert code in CODES


@given(st.binary(min_size=7, max_size=7))
def test_any_time_stamp(octets: bytes) -> None:
    assert 0 <= from_semi_octets(octets) < 1 << 32


@given(st.lists(st.binary(max_size=700), max_size=12), st.lists(st.integers(0, 1460), max_size=12))
def test_any_stream_of_bytes(pieces: list[bytes], counts: list[int]) -> None:
    parser = LineParser()
    waiting = list(counts)
    for piece in pieces:
        for event in parser.feed(piece):
            if event[0] == "line":
                assert 0 < len(event[1]) <= MAX_LINE_BYTES
                kind(event[1])
                error_number(event[1])
                if waiting:
                    parser.expect_data(waiting.pop())
        assert len(parser._pending) <= 1460 + 3 * MAX_LINE_BYTES
    parser.reset()
    assert list(parser.feed(b"\r\nOK\r\n")) == [("line", b"OK")]
