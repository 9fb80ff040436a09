"""Provisioning messages: round trip, the signed bytes, and refused members."""

from protocol import cbor, p256, provisioning
from protocol.provisioning import MEMBERS, ProvisioningMessage

from tests.firmware.protocol import samples
from tests.firmware.protocol.support import error_code, sign


def members() -> list:  # type: ignore[type-arg]
    message = samples.provisioning_message()
    return [getattr(message, name) for name, _, _ in MEMBERS]


def test_round_trip() -> None:
    sent = samples.provisioning_message()
    found = ProvisioningMessage.decode(sent.encode())
    assert [getattr(found, name) for name, _, _ in MEMBERS] == members()
    assert found.body() == sent.body() == provisioning.signed_body(sent.encode())


def test_signature_covers_the_message() -> None:
    message = samples.provisioning_message()
    signature = sign(samples.AUTHORITY_SCALAR, message.body())
    p256.verify(samples.AUTHORITY_KEY, message.body(), signature)
    message.machine_id += 1
    assert error_code(p256.verify, samples.AUTHORITY_KEY, message.body(), signature) == "bad_signature"


def test_later_members_are_ignored_but_signed() -> None:
    message = cbor.encode(members() + ["later"])  # noqa: RUF005 (MicroPython knows no [*a, ...])
    assert ProvisioningMessage.decode(message).machine_id == samples.MACHINE
    assert provisioning.signed_body(message) != samples.provisioning_message().body()


def test_bad_members() -> None:
    wrong: tuple[tuple[int, object, str], ...] = (
        (0, bytes(15), "malformed"),
        (0, "text", "malformed"),
        (1, "investor", "unknown_kind"),
        (1, 1, "unknown_kind"),
        (2, -1, "out_of_range"),
        (2, 1 << 32, "out_of_range"),
        (2, None, "malformed"),
        (3, True, "malformed"),
        (5, bytes(63), "malformed"),
        (6, bytes(33), "malformed"),
        (8, [], "malformed"),
        (8, {1: 2}, "malformed"),
    )
    for place, value, code in wrong:
        values = members()
        values[place] = value
        assert error_code(ProvisioningMessage.decode, cbor.encode(values)) == code, (place, value)
    assert error_code(ProvisioningMessage.decode, cbor.encode(members()[:-1])) == "malformed"
    assert error_code(ProvisioningMessage.decode, cbor.encode({})) == "malformed"
    values = members()
    values[8] = {"a": "x" * 1000}
    assert error_code(ProvisioningMessage.decode, cbor.encode(values)) == "too_long"
    long = samples.provisioning_message()
    long.settings = {"a": "x" * 1000}
    assert error_code(long.encode) == "too_long"
