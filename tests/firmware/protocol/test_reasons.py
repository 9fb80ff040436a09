"""Reasons and error codes: numbers that never move, no text twice."""

from protocol import errors, reasons

from tests.firmware.protocol.support import error_code


def test_numbers_and_names() -> None:
    assert reasons.number("granted") == 0
    assert reasons.number("used") == 1
    assert reasons.number("clock_unknown") == 29
    assert reasons.number("service_full") == 30
    for number, name in enumerate(reasons.NAMES):
        assert reasons.number(name) == number
        assert reasons.name(number) == name
    assert len(set(reasons.NAMES)) == len(reasons.NAMES) < 256


def test_unknown_ones() -> None:
    assert error_code(reasons.number, "nonsense") == "unknown_kind"
    assert error_code(reasons.name, 255) == "unknown_kind"
    assert error_code(reasons.name, -1) == "unknown_kind"


def test_error_codes() -> None:
    codes = [error.code for error in errors.ALL]
    assert len(set(codes)) == len(codes)
    assert all(issubclass(error, errors.ProtocolError) for error in errors.ALL)
