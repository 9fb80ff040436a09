"""The SMS codec: examples written down by hand, its own round trips, damaged input."""

from gsm import network_pdu
from gsm.errors import PduError
from gsm.pdu import MAX_BYTES, Joiner, decode_deliver, decode_status_report, encode_submit
from gsm.timestamp import unix_seconds

NOON = 1790000000
# Service centre +31624000000, sender +31641600986, 7-bit text, 2002-08-26 19:37:41 at UTC+2 (example known from
# many descriptions of the format).
TEXT_PDU = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"


def code(function, *arguments):
    try:
        function(*arguments)
    except PduError as error:
        return error.code
    raise AssertionError("no error")


def test_a_submit_byte_for_byte():
    ((pdu, length),) = encode_submit("+8613812345678", b"\x01\x02", status_report=True)
    assert pdu.hex() == "00" + "31" + "00" + "0d91" + "683118325476f8" + "00" + "04" + "aa" + "02" + "0102"
    assert length == len(pdu) - 1


def test_a_number_without_plus_and_with_an_odd_digit():
    ((pdu, _),) = encode_submit("10086", b"")
    assert pdu.hex() == "001100" + "0581" + "0180f6" + "0004aa00"


def test_a_known_text_message():
    message = decode_deliver(bytes.fromhex(TEXT_PDU))
    assert message.sender == "+31641600986"
    assert message.text == "How are you?"
    assert message.data == b""
    assert (message.reference, message.part, message.parts) == (0, 1, 1)


def test_140_bytes_are_one_part_and_141_are_two():
    assert len(encode_submit("1", bytes(140))) == 1
    parts = encode_submit("1", bytes(range(141)), reference=300)
    assert len(parts) == 2
    first, second = (network_pdu.decode_submit(pdu) for pdu, _ in parts)
    assert (first.reference, first.part, first.parts) == (300 & 255, 1, 2)
    assert len(first.data) == 134
    assert first.data + second.data == bytes(range(141))
    assert max(length for _, length in parts) <= 176
    assert code(encode_submit, "1", bytes(MAX_BYTES + 1)) == "too_long"


def test_through_the_network_and_back():
    data = bytes(range(256)) + bytes(100)
    joiner = Joiner()
    joined = []
    for pdu, _ in encode_submit("+8610", data, 7):
        submitted = network_pdu.decode_submit(pdu)
        assert submitted.number == "+8610"
        delivered = decode_deliver(network_pdu.forward(submitted, "+8699", NOON))
        assert (delivered.sender, delivered.time) == ("+8699", NOON)
        joined.append(joiner.add(delivered))
    assert joined == [None, None, data]


def test_parts_in_any_order_and_twice():
    data = bytes(300)
    parts = [decode_deliver(pdu) for pdu in network_pdu.encode_deliver_parts("+1", data, NOON, 9)]
    joiner = Joiner()
    assert [joiner.add(parts[place]) for place in (2, 2, 0, 0)] == [None] * 4
    assert joiner.add(parts[1]) == data


def test_a_reference_used_again_does_not_mix_messages():
    old = [decode_deliver(pdu) for pdu in network_pdu.encode_deliver_parts("+1", b"a" * 200, NOON, 9)]
    new = [decode_deliver(pdu) for pdu in network_pdu.encode_deliver_parts("+1", b"b" * 200, NOON, 9)]
    joiner = Joiner()
    assert joiner.add(old[0]) is None
    assert joiner.add(new[0]) is None
    assert joiner.add(new[1]) == b"b" * 200


def test_half_messages_are_bounded():
    joiner = Joiner()
    for reference in range(40):
        part = network_pdu.encode_deliver("+1", b"x", NOON, reference, 1, 2)
        assert joiner.add(decode_deliver(part)) is None
    assert len(joiner._pending) == 4
    many = decode_deliver(network_pdu.encode_deliver("+1", b"x", NOON, 1, 1, 5))
    assert code(joiner.add, many) == "too_long"


def test_texts_that_the_network_writes():
    for text in ("Balance: 5.00 £ {x}^€", "余额 12 元", "", "😀 ok"):
        assert decode_deliver(network_pdu.encode_deliver("10086", text, NOON)).text == text
    assert decode_deliver(network_pdu.encode_deliver("Bank-24", b"", NOON)).sender == "Bank-24"


def test_status_reports():
    for status, delivered, temporary in ((0, True, False), (0x30, False, True), (0x46, False, False)):
        report = decode_status_report(network_pdu.encode_status_report(200, "+8610", status, NOON, NOON + 60))
        assert (report.reference, report.number, report.status) == (200, "+8610", status)
        assert (report.delivered, report.temporary) == (delivered, temporary)


def test_one_kind_is_not_taken_for_another():
    report = network_pdu.encode_status_report(1, "+1", 0, NOON, NOON)
    deliver = network_pdu.encode_deliver("+1", b"x", NOON)
    ((submit, _),) = encode_submit("+1", b"x")
    assert code(decode_deliver, report) == code(decode_status_report, deliver) == "unknown_type"
    assert code(decode_deliver, submit) == code(network_pdu.decode_submit, deliver) == "unknown_type"


def test_numbers_that_are_none():
    for number in ("", "+", "12a34x", "1" * 21, "+86 10"):
        assert code(encode_submit, number, b"") == "number"


def test_every_cut_is_an_error():
    pdu = network_pdu.encode_deliver("+8613812345678", bytes(30), NOON, 1, 1, 2)
    assert decode_deliver(pdu).sender == "+8613812345678"
    for length in range(len(pdu)):
        assert code(decode_deliver, pdu[:length]) == "cut_short"


def test_a_header_that_lies():
    good = bytearray(network_pdu.encode_deliver("+1", bytes(30), NOON, 1, 1, 2))
    header = len(good) - 36
    for place, value, expected in ((0, 200, "cut_short"), (2, 9, "cut_short"), (4, 0, "header"), (5, 3, "header")):
        bad = bytearray(good)
        bad[header + place] = value
        assert code(decode_deliver, bytes(bad)) == expected, place


def test_sixteen_bit_references_and_foreign_elements():
    good = network_pdu.encode_deliver("+1", b"", NOON)
    header = bytes((10, 0x05, 2, 1, 2, 0x08, 4, 0x12, 0x34, 3, 2))
    pdu = bytearray(good[:-1] + bytes((len(header) + 1,)) + header + b"z")
    pdu[good[0] + 1] |= 0x40
    message = decode_deliver(bytes(pdu))
    assert (message.reference, message.part, message.parts, message.data) == (0x1234, 2, 3, b"z")


def test_times():
    assert unix_seconds(26, 11, 23, 12, 0, 0, 32) == 1795406400
    assert unix_seconds(24, 2, 29, 0, 0, 0, 0) == 1709164800
    for unset in ((4, 1, 1, 0, 0, 0, 0), (80, 1, 6, 0, 0, 0, 0), (23, 2, 29, 0, 0, 0, 0), (26, 13, 1, 0, 0, 0, 0)):
        assert unix_seconds(*unset) == 0
    for offset in (0, 1, 86400 * 59, 86400 * 366, 86400 * 2000 + 12345):
        unix_s = 1600000000 + offset
        for quarters in (0, 32, -20):
            message = network_pdu.encode_deliver("1", b"", unix_s)
            stamp = network_pdu.semi_octets(unix_s, quarters)
            changed = message[:-8] + stamp + message[-1:]
            assert decode_deliver(changed).time == unix_s, (unix_s, quarters)
