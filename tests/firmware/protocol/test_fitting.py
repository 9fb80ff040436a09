"""Narrow links: commands that fit before those that do not, a lock before all, pushes bound to one machine."""

from protocol import cbor, cose, fitting, journal, keys, uplink
from protocol.uplink import Ack, Command

from tests.firmware.protocol import samples
from tests.firmware.protocol.samples import MACHINE_KEY, NOON
from tests.firmware.protocol.support import error_code

WORST = 0xFFFFFFFF


def worst_lock(text: str) -> Command:
    order = samples.order(WORST, text)
    return Command(WORST, uplink.LOCK, order.arguments())


def numbers_that_fit(ack: Ack, max_bytes: int, alone_bytes: int = 0) -> list[int]:
    return [command.id for command in fitting.commands_that_fit(ack, max_bytes, alone_bytes)]


def sealed_with(ack: Ack, commands: list[Command]) -> bytes:
    request = uplink.seal_report(MACHINE_KEY, samples.report(samples.exams(1)))
    return uplink.seal_ack(MACHINE_KEY, request, Ack(ack.ack_seq, ack.server_time, commands, ack.alert, ack.ack_mac))


def test_a_signed_lock_fits_one_sms() -> None:
    ack = Ack(WORST, WORST, [worst_lock("Call us")])
    assert numbers_that_fit(ack, uplink.SMS_BYTES) == [WORST]
    assert len(sealed_with(ack, ack.commands)) <= uplink.SMS_BYTES
    assert len(uplink.seal_push(MACHINE_KEY, ack, WORST)) <= uplink.SMS_BYTES


def test_a_lock_with_a_long_text_takes_two() -> None:
    ack = Ack(WORST, WORST, [worst_lock("x" * 64)])
    assert uplink.SMS_BYTES < len(sealed_with(ack, ack.commands)) <= uplink.TWO_SMS_BYTES
    assert numbers_that_fit(ack, uplink.SMS_BYTES, uplink.TWO_SMS_BYTES) == [WORST]
    assert numbers_that_fit(ack, uplink.SMS_BYTES) == []


def test_a_lock_goes_alone_before_small_ones() -> None:
    small = Command(2, uplink.REVOKE_BATCH, [5])
    ack = Ack(WORST, WORST, [worst_lock("x" * 64), small])
    assert numbers_that_fit(ack, uplink.SMS_BYTES, uplink.TWO_SMS_BYTES) == [WORST]
    assert numbers_that_fit(ack, uplink.SMS_BYTES) == [2]
    settings = Command(3, uplink.SETTINGS, [{"server_path": "/" * 100}])
    ack = Ack(WORST, WORST, [settings, small])
    assert numbers_that_fit(ack, uplink.SMS_BYTES, uplink.TWO_SMS_BYTES) == [2]


def test_commands_of_a_kind_keep_their_order() -> None:
    large = Command(1, uplink.SETTINGS, [{"server_ca": bytes(400)}])
    small = Command(2, uplink.SETTINGS, [{"language": "zh"}])
    other = Command(3, uplink.REVOKE_CREDIT, [5, 1100])
    ack = Ack(9, NOON, [large, small, other])
    assert [command.id for command in fitting.commands_that_fit(ack, 140)] == [3]
    assert [command.id for command in fitting.commands_that_fit(ack, 1000)] == [1, 2, 3]
    assert fitting.commands_that_fit(Ack(9, NOON, [large]), 140, 266) == []
    assert fitting.commands_that_fit(Ack(9, NOON, []), 140) == []


def test_what_fits_is_exact() -> None:
    many = [Command(index, uplink.REVOKE_CREDIT, [5, 1000 + index]) for index in range(30)]
    for limit in (60, 80, 100, 140):
        ack = Ack(WORST, NOON, many, uplink.ALERT_GAP, bytes(8))
        fits = len(numbers_that_fit(ack, limit))
        assert fits == 0 or len(sealed_with(ack, many[:fits])) <= limit
        assert len(sealed_with(ack, many[: fits + 1])) > limit
    pushed = uplink.seal_push(MACHINE_KEY, ack, 1)
    assert len(pushed) == fitting.ack_bytes(ack, many, uplink.PUSH_ENVELOPE_BYTES)


def test_a_push_opens_at_its_machine_only() -> None:
    message = uplink.seal_push(MACHINE_KEY, samples.push(), 3)
    found = uplink.open_push(MACHINE_KEY, message)
    assert (found.ack_seq, found.ack_mac, found.commands[0].kind) == (38, bytes(range(8)), uplink.LOCK)
    other = keys.machine_key(bytes(range(32)), samples.MACHINE + 1, samples.EPOCH)
    assert error_code(uplink.open_push, other, message) == "bad_tag"
    older = keys.machine_key(bytes(range(32)), samples.MACHINE, samples.EPOCH - 1)
    assert error_code(uplink.open_push, older, message) == "bad_tag"
    for place in range(0, len(message), 7):
        wrong = bytearray(message)
        wrong[place] ^= 4
        assert error_code(uplink.open_push, MACHINE_KEY, bytes(wrong)) in ("bad_tag", "malformed", "unknown_kind")


def test_answers_pushes_and_reports_are_not_each_other() -> None:
    request = uplink.seal_report(MACHINE_KEY, samples.report(samples.exams(1)))
    answer = uplink.seal_ack(MACHINE_KEY, request, samples.push())
    pushed = uplink.seal_push(MACHINE_KEY, samples.push(), 1)
    assert error_code(uplink.open_push, MACHINE_KEY, answer) == "bad_tag"
    assert error_code(uplink.open_push, MACHINE_KEY, request) == "bad_tag"
    assert error_code(uplink.open_ack, MACHINE_KEY, request, pushed) == "unknown_kind"
    with_key_id = cose.seal(
        keys.downlink_key(MACHINE_KEY), b"\0\0\0\7", b"n" * 13, uplink.encode_ack(samples.push()), uplink.PUSH_AAD
    )
    assert error_code(uplink.open_ack, MACHINE_KEY, request, with_key_id) == "bad_tag"


def test_serials_tell_equal_pushes_apart() -> None:
    first, second = [uplink.seal_push(MACHINE_KEY, Ack(1, 2, []), serial) for serial in (1, 2)]
    assert cose.header(first)[1] != cose.header(second)[1]
    assert error_code(uplink.seal_push, MACHINE_KEY, Ack(1, 2, []), -1) == "out_of_range"


def test_the_last_member_of_an_answer() -> None:
    plain = uplink.encode_ack(Ack(1, 2, []))
    assert cbor.decode(plain) == [1, 1, 2, [], 0]
    assert uplink.decode_ack(plain).ack_mac == b""
    assert error_code(uplink.decode_ack, cbor.encode([1, 1, 2, [], 0, b"short"])) == "malformed"
    assert error_code(uplink.decode_ack, cbor.encode([1, 1, 2, [], 0, 7])) == "malformed"
    assert error_code(uplink.encode_ack, Ack(1, 2, [], 0, b"1")) == "malformed"
    assert uplink.decode_ack(cbor.encode([1, 1, 2, [], 0, bytes(8), "later"])).ack_mac == bytes(journal.MAC_BYTES)
