"""Our SMS codec against somebody else's (python-gsmmodem-new), both ways."""

from typing import Any

import pytest
from gsm import network_pdu
from gsm.pdu import PART_BYTES, decode_deliver, encode_submit
from gsmmodem import pdu as theirs  # type: ignore[import-untyped]

NOON = 1790000000
NUMBERS = ("+8613812345678", "+491701234567", "10086", "+1")
TEXTS = ("How are you?", "Preis: 5 € {ok} [~]", "@£$¥èéùì", "余额 12 元", "x" * 160, "é" * 70)


def mixed(length: int) -> bytes:
    return bytes(place * 37 % 256 for place in range(length))


def decoded_by_them(pdu: bytes) -> dict[str, object]:
    found: dict[str, object] = theirs.decodeSmsPdu(pdu.hex())
    return found


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("length", [0, 1, 139, 140])
def test_they_read_our_submit(number: str, length: int) -> None:
    data = mixed(length)
    ((pdu, counted),) = encode_submit(number, data, status_report=True)
    found = decoded_by_them(pdu)
    assert found["type"] == "SMS-SUBMIT"
    assert found["number"] == number
    assert counted == len(pdu) - 1
    # They read 8-bit data as characters.
    assert [ord(letter) for letter in str(found["text"])] == list(data)


def test_they_read_the_parts_of_our_submit() -> None:
    data = mixed(300)
    parts = [decoded_by_them(pdu) for pdu, _ in encode_submit("+8610", data, 77)]
    joined = b""
    for place, part in enumerate(parts, start=1):
        header: Any = part["udh"][0]  # type: ignore[index]
        assert (header.reference, header.number, header.parts) == (77, place, 3)
        joined += bytes(ord(letter) for letter in str(part["text"]))
    assert joined == data
    assert all(len(str(part["text"])) <= PART_BYTES for part in parts)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("text", TEXTS)
def test_they_read_our_deliver(number: str, text: str) -> None:
    found = decoded_by_them(network_pdu.encode_deliver(number, text, NOON))
    assert (found["type"], found["number"], found["text"]) == ("SMS-DELIVER", number, text)
    assert int(found["time"].timestamp()) == NOON  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("text", TEXTS)
def test_we_read_their_submit(number: str, text: str) -> None:
    made = theirs.encodeSmsSubmitPdu(number, text, reference=5, requestStatusReport=True)
    assert len(made) > 0
    for theirs_made in made:
        found = network_pdu.decode_submit(bytes(theirs_made.data))
        assert (found.number, found.text, found.status_report) == (number, text, True)


def test_we_join_the_parts_of_their_long_text() -> None:
    text = "A long story, told in parts. " * 12
    parts = [network_pdu.decode_submit(bytes(made.data)) for made in theirs.encodeSmsSubmitPdu("+8610", text)]
    assert [(part.part, part.parts) for part in parts] == [(1, 3), (2, 3), (3, 3)]
    assert "".join(str(part.text) for part in parts) == text
    forwarded = [decode_deliver(network_pdu.forward(part, "+8699", NOON)) for part in parts]
    assert "".join(str(part.text) for part in forwarded) == text


def test_their_status_report_fields_are_ours() -> None:
    report = network_pdu.encode_status_report(200, "+8613812345678", 0x30, NOON, NOON + 60)
    found = decoded_by_them(report)
    assert (found["type"], found["reference"], found["number"]) == ("SMS-STATUS-REPORT", 200, "+8613812345678")
    assert (found["status"], int(found["discharge"].timestamp())) == (0x30, NOON + 60)  # type: ignore[attr-defined]
