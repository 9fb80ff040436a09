"""The guard in tests/conftest.py is in force."""

import socket

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.invalid", 80)])
def test_no_test_reaches_another_machine(address: tuple[str, int]) -> None:
    with socket.socket() as outside, pytest.raises(AssertionError, match="loopback only"):
        outside.connect(address)


def test_no_test_listens_to_other_machines() -> None:
    with socket.socket() as outside, pytest.raises(AssertionError, match="loopback only"):
        outside.bind(("0.0.0.0", 0))  # noqa: S104 (that it is refused is the point)
