"""Signed orders: for one machine, one epoch, one kind, one number, one text; nothing else passes."""

from protocol import orders, p256_portable, uplink
from protocol.orders import Order
from protocol.uplink import Command

from tests.firmware.protocol import samples
from tests.firmware.protocol.samples import AUTHORITY_KEY, EPOCH, MACHINE
from tests.firmware.protocol.support import error_code, sign


def carried(kind: int = uplink.LOCK) -> Command:
    return Command(12, kind, samples.order().arguments())


def test_an_order_comes_back_from_its_command() -> None:
    found = orders.read(MACHINE, EPOCH, carried())
    assert (found.kind, found.number, found.text) == (uplink.LOCK, samples.NOON + 13000, "Call us")
    orders.verify(AUTHORITY_KEY, found)


def test_an_unlock_is_another_order() -> None:
    unlock = Order(MACHINE, EPOCH, uplink.UNLOCK, 5)
    unlock.signature = sign(samples.AUTHORITY_SCALAR, unlock.body())
    found = orders.read(MACHINE, EPOCH, Command(1, uplink.UNLOCK, unlock.arguments()))
    orders.verify(AUTHORITY_KEY, found)
    assert found.body() != Order(MACHINE, EPOCH, uplink.LOCK, 5).body()


def test_every_part_is_signed() -> None:
    for machine_id, epoch, kind, number, text in (
        (MACHINE + 1, EPOCH, uplink.LOCK, samples.NOON + 13000, "Call us"),
        (MACHINE, EPOCH + 1, uplink.LOCK, samples.NOON + 13000, "Call us"),
        (MACHINE, EPOCH, uplink.UNLOCK, samples.NOON + 13000, "Call us"),
        (MACHINE, EPOCH, uplink.LOCK, samples.NOON + 13001, "Call us"),
        (MACHINE, EPOCH, uplink.LOCK, samples.NOON + 13000, "Call Us"),
    ):
        command = Command(12, kind, [number, samples.order().signature, text])
        assert error_code(orders.verify, AUTHORITY_KEY, orders.read(machine_id, epoch, command)) == "bad_signature"
    other_key = samples.white_certificate().issuer_key
    assert error_code(orders.verify, other_key, orders.read(MACHINE, EPOCH, carried())) == "bad_signature"


def test_no_certificate_passes_for_an_order() -> None:
    """What the authority signs otherwise begins otherwise."""
    begins = [samples.order().body()[:4], samples.white_certificate().body()[:4]]
    begins += [samples.provisioning_message().body()[:4], samples.batch_certificate().body()[:4]]
    assert len(set(begins)) == len(begins)


def test_arguments_that_are_no_order() -> None:
    signature = bytes(64)
    for args, code in (
        (["Call the service"], "malformed"),  # as in the first version: never signed
        ([], "malformed"),
        ([1, signature], "malformed"),
        ([0, signature, ""], "malformed"),
        ([True, signature, ""], "malformed"),
        (["1", signature, ""], "malformed"),
        ([1 << 32, signature, ""], "out_of_range"),
        ([-1, signature, ""], "out_of_range"),
        ([1, bytes(63), ""], "malformed"),
        ([1, "x" * 64, ""], "malformed"),
        ([1, signature, b""], "malformed"),
        ([1, signature, "\u68c0" * 22], "too_long"),
    ):
        assert error_code(orders.read, MACHINE, EPOCH, Command(1, uplink.LOCK, args)) == code, args
    assert error_code(orders.read, MACHINE, EPOCH, Command(1, uplink.SETTINGS, [1, signature, ""])) == "unknown_kind"
    later = Command(1, uplink.LOCK, [1, signature, "", "a later member"])
    assert orders.read(MACHINE, EPOCH, later).text == ""


def test_only_a_whole_order_becomes_arguments() -> None:
    assert error_code(Order(MACHINE, EPOCH, uplink.LOCK, 1).arguments) == "malformed"
    assert error_code(Order(MACHINE, EPOCH, uplink.SETTINGS, 1).body) == "unknown_kind"
    assert error_code(Order(MACHINE, EPOCH, uplink.LOCK, 0).body) == "malformed"
    assert error_code(Order(MACHINE, 1 << 32, uplink.LOCK, 1).body) == "out_of_range"
    assert error_code(Order(MACHINE, EPOCH, uplink.LOCK, 1, "x" * 65).body) == "too_long"


def test_a_signature_makes_no_order_of_what_is_none() -> None:
    for order, code in (
        (Order(MACHINE, EPOCH, uplink.SETTINGS, 1), "unknown_kind"),
        (Order(MACHINE, EPOCH, uplink.LOCK, 0), "malformed"),
        (Order(MACHINE, EPOCH, uplink.LOCK, 1, "x" * 65), "too_long"),
    ):
        order.signature = bytes(64)
        assert error_code(order.arguments) == code


def test_a_text_may_be_as_long_as_it_may() -> None:
    order = Order(MACHINE, EPOCH, uplink.LOCK, 0xFFFFFFFF, "x" * orders.MAX_TEXT_BYTES)
    order.signature = bytes(64)
    found = orders.read(MACHINE, EPOCH, Command(1, uplink.LOCK, order.arguments()))
    assert (found.text, found.number) == (order.text, order.number)


def test_verification_in_slices_says_the_same() -> None:
    order = samples.order()
    slices = list(p256_portable.steps(AUTHORITY_KEY, order.body(), order.signature))
    assert len(slices) > 100
    forged = p256_portable.steps(AUTHORITY_KEY, order.body() + b"!", order.signature)
    assert error_code(list, forged) == "bad_signature"
