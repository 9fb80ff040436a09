"""Links and the reasons for taking another: numbers that never move, no text twice."""

from protocol import links

from tests.firmware.protocol.support import error_code


def test_numbers_and_names() -> None:
    assert links.LINKS == ("wifi", "gprs", "sms", "card")
    assert links.reason_number("first_choice") == 0
    assert links.reason_number("better_link_back") == 15
    assert links.reason_number("out_of_memory") == 19
    for number, name in enumerate(links.REASONS):
        assert links.reason_number(name) == number
        assert links.reason_name(number) == name
    assert len(set(links.REASONS)) == len(links.REASONS) < 256


def test_unknown_ones() -> None:
    assert error_code(links.reason_number, "nonsense") == "unknown_kind"
    assert error_code(links.reason_name, 255) == "unknown_kind"
    assert error_code(links.reason_name, -1) == "unknown_kind"
