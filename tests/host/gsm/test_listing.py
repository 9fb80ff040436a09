"""What modems of any make show of their memory, with what they say in between."""

import pytest
from gsm import lines, listing
from gsm.network_pdu import encode_deliver, encode_status_report

PDU = encode_deliver("+8613800000001", b"a report", 1_795_400_000)
OTHER = encode_deliver("+8613800000002", b"another", 1_795_400_001)
STRAYS = [b"RING", b"^RSSI:18", b'+CUSD: 0,"Balance 5",15', b"+CIEV: 2,4", b"+ZUSIMR:2", b"Call Ready", b"DEADBEEF"]


def header(place: int, pdu: bytes, name: bytes = b"") -> bytes:
    return b"+CMGL: %d,1,%s,%d" % (place, name, len(pdu) - 1 - pdu[0])


def digits(pdu: bytes) -> bytes:
    return pdu.hex().upper().encode()


@pytest.mark.parametrize("stray", [*STRAYS, *(line.lower() for line in STRAYS)])
def test_a_line_of_the_modems_own_anywhere(stray: bytes) -> None:
    whole = [header(1, PDU), digits(PDU), header(2, OTHER, b'"Wang, Li"'), digits(OTHER)]
    for at in range(len(whole) + 1):
        found = listing.entries([*whole[:at], stray, *whole[at:]])
        assert [(entry.place, entry.status, entry.pdu) for entry in found] == [(1, 1, PDU), (2, 1, OTHER)]


def test_a_line_that_breaks_the_pdu_in_two() -> None:
    assert len(digits(PDU)) > 40
    for at in range(2, len(digits(PDU))):
        pieces = [digits(PDU)[:at], b"^RSSI:18", digits(PDU)[at:]]
        (entry,) = listing.entries([header(1, PDU), *pieces])
        assert entry.pdu == PDU


@pytest.mark.parametrize(
    "below",
    [
        [],
        [b""],
        [digits(PDU)[:-2]],
        [digits(PDU)[:-1]],
        [digits(PDU) + b"00"],
        [digits(PDU)[:20] + b"G" + digits(PDU)[21:]],
        [digits(OTHER)],
        [b"RING"],
    ],
)
def test_what_fits_nothing_is_not_read_and_is_kept_as_it_was_shown(below: list[bytes]) -> None:
    entries = listing.entries([header(1, PDU), *below, header(2, OTHER), digits(OTHER)])
    assert [entry.pdu for entry in entries] == [None, OTHER]
    assert entries[0].shown == (below[0] if below else b"")


@pytest.mark.parametrize("line", [b"+CMGL: x,1,,20", b"+CMGL:", b"+CMGL: -1,1,,20", b"+CMGL: 1", b"+CMGL: 1,2"])
def test_a_header_that_names_no_place_is_passed_over(line: bytes) -> None:
    assert [entry.place for entry in listing.entries([line, digits(PDU), header(2, OTHER), digits(OTHER)])] == [2]


@pytest.mark.parametrize("stray", STRAYS[1:5])
def test_a_line_that_names_something_else_came_by_itself(stray: bytes) -> None:
    for own in (b"+CMGL:", b"+CPMS:", b""):
        assert listing.came_by_itself(stray, own)


def test_a_commands_own_lines_did_not() -> None:
    for line, own in ((header(1, PDU), b"+CMGL:"), (b'+CPMS: "SM",1,20', b"+CPMS:"), (b"^CPIN: READY", b"^CPIN:")):
        assert not listing.came_by_itself(line, own)
    for line in (digits(PDU), b"OK", b"+CMS ERROR: 321", b"+CME ERROR: SIM busy", b"ERROR"):
        assert not listing.came_by_itself(line, b"+CMGL:")
        assert lines.kind(b"OK") == lines.FINAL


def test_the_body_of_an_announcement_is_known_by_its_length() -> None:
    report = encode_status_report(7, "+8613800000001", 0, 1_795_400_000, 1_795_400_009)
    urc = b"+CDS: %d" % (len(report) - 1 - report[0])
    assert listing.has_body(urc)
    assert listing.is_body(urc, digits(report))
    assert not listing.is_body(urc, digits(PDU))
    assert not listing.is_body(urc, b"RING")
    assert not listing.is_body(b"+CDS:", digits(report))
    assert listing.is_body(b"+CBM: 88", b"00" * 88)
