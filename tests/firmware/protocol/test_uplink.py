"""Reports and answers: lossless, small, sealed, bound to each other."""

from protocol import cbor, cose, entries, entries_reader, grouping, journal, keys, uplink
from protocol.journal import Entry

from tests.firmware.protocol import samples
from tests.firmware.protocol.samples import MACHINE, MACHINE_KEY
from tests.firmware.protocol.support import Source, error_code


def same(found: uplink.Report, sent: uplink.Report) -> bool:
    return (
        found.machine_id == sent.machine_id
        and found.first_seq == sent.first_seq
        and found.previous_mac == sent.previous_mac
        and found.head_mac == sent.head_mac
        and found.entries == sent.entries
        and found.health == sent.health
    )


def test_sealed_reports_come_back() -> None:
    health: dict[int, object] = {uplink.HEALTH_UPTIME_S: 5, uplink.HEALTH_FIRMWARE: "0.1.0"}
    for sent in (
        samples.report([]),
        samples.report(samples.exams(1)),
        samples.report(samples.exams(3)[:-1], health),
        samples.report(samples.exams(entries.MAX_ENTRIES // 4)),
        samples.report(samples.mixed_entries(), health),
    ):
        message = uplink.seal_report(MACHINE_KEY, sent)
        assert uplink.machine_of(message) == MACHINE
        assert same(uplink.open_report(MACHINE_KEY, message), sent)
        assert len(message) == uplink.sealed_bytes(len(uplink.encode_report(sent)))


def test_the_chain_can_be_recomputed_from_a_report() -> None:
    key = keys.journal_key(MACHINE_KEY)
    found = uplink.open_report(MACHINE_KEY, uplink.seal_report(MACHINE_KEY, samples.report(samples.mixed_entries())))
    macs = uplink.chain_macs(key, found)
    assert len(macs) == len(found.entries)
    assert macs[-1] == found.head_mac
    found.entries[3].time += 1
    assert error_code(uplink.chain_macs, key, found) == "bad_tag"


def test_twenty_exams_fit_a_short_message() -> None:
    source = Source(1)
    for _ in range(8):
        found = ordinary_day(source, range(30))
        assert uplink.entries_that_fit(found, uplink.SMS_BYTES) >= 4 * 20


def test_twelve_exams_fit_a_short_message_in_whatever_order_the_cards_come() -> None:
    source = Source(3)
    for _ in range(8):
        cards = list(range(100))
        drawn = [cards.pop(source.below(len(cards))) for _ in range(30)]
        assert uplink.entries_that_fit(ordinary_day(source, drawn), uplink.SMS_BYTES) >= 4 * 12


def ordinary_day(source: Source, drawn: "range | list[int]") -> list[Entry]:
    """Exams 2 to 25 minutes apart that last 3 to 10 minutes, with large numbers everywhere."""
    found: list[Entry] = []
    time = samples.NOON
    for credit in drawn:
        time += 120 + source.below(1380)
        delays = (0, source.below(10) // 8, source.below(10) // 9, 180 + source.below(420))
        for kind, delay in zip(grouping.EXAM_KINDS, delays):  # noqa: B905
            time += delay
            found.append(Entry(30001 + len(found), kind, time, 2, 4711, 120001 + credit))
    return found


def test_entries_that_fit_is_exact() -> None:
    found = ordinary_day(Source(2), range(30))
    for max_bytes in (60, 90, 140, 200):
        count = uplink.entries_that_fit(found, max_bytes)
        assert len(uplink.seal_report(MACHINE_KEY, samples.report(found[:count]))) <= max_bytes
    assert uplink.entries_that_fit(found, 10) == 0
    assert uplink.entries_that_fit([], 140) == 0


def test_any_entries_are_lossless() -> None:
    source = Source(3)
    for _ in range(60):
        found = [random_entry(source, 1000 + index) for index in range(source.below(24))]
        assert entries_reader.decode(entries.encode(found), 1000) == found


def random_entry(source: Source, seq: int) -> Entry:
    """Few distinct values, so that exams, runs and near misses of them come up often."""
    kind = (2, 3, 4, 5, 2, 3, 4, 5, 1, 6, 255)[source.below(11)]
    time = (5, 6, 300, 301, 0, 0xFFFFFFFF)[source.below(6)]
    credit = (7, 8, 0, 0xFFFFFFFF)[source.below(4)]
    detail = source.bytes_(source.below(17)) if source.below(6) == 0 else b""
    return Entry(seq, kind, time, source.below(8) // 6, source.below(5) // 4, credit, detail)


def test_almost_exams_are_lossless() -> None:
    source = Source(4)
    for _ in range(60):
        found = samples.exams(6, 1)
        for _ in range(source.below(5)):
            victim = found[source.below(len(found))]
            name = ("kind", "time", "clock", "batch", "credit", "detail")[source.below(6)]
            setattr(
                victim, name, b"x" if name == "detail" else source.below(3) if name == "clock" else 1 + source.below(99)
            )
        assert entries_reader.decode(entries.encode(found), 1) == found


def test_report_bounds() -> None:
    gap = samples.exams(1)
    gap[2].seq += 1
    assert error_code(uplink.encode_report, samples.report(gap)) == "malformed"
    many = [Entry(1 + index, 1, 0) for index in range(entries.MAX_ENTRIES + 1)]
    assert error_code(uplink.encode_report, samples.report(many)) == "too_long"
    bad = samples.report([])
    bad.head_mac = b""
    assert error_code(uplink.encode_report, bad) == "malformed"
    assert error_code(uplink.encode_report, samples.report([], {1: 1.5})) == "malformed"
    assert error_code(uplink.encode_report, samples.report([], {-1: 1})) == "out_of_range"
    bad = samples.report([Entry(1, 1, 0)])
    bad.entries[0].clock = 9
    assert error_code(uplink.encode_report, bad) == "out_of_range"


def test_report_members() -> None:
    macs = bytes(16)
    for members, code in (
        ([2, 1, macs, b""], "unknown_version"),
        ([1, 1, macs], "malformed"),
        ([1, -1, macs, b""], "out_of_range"),
        ([1, True, macs, b""], "malformed"),
        ([1, 1, bytes(15), b""], "malformed"),
        ([1, 1, macs, ""], "malformed"),
        ([1, 1, macs, b"", []], "malformed"),
        ([1, 1, macs, b"", {"a": 1}], "malformed"),
        ([1, 1, macs, b"", {1: None}], "malformed"),
        ([1, 0xFFFFFFFF, macs, entries.encode([Entry(1, 1, 0), Entry(2, 1, 0)])], "out_of_range"),
        ([], "malformed"),
        (5, "malformed"),
    ):
        assert error_code(uplink.decode_report, cbor.encode(members)) == code, members
    assert uplink.decode_report(cbor.encode([1, 1, macs, b"", {}, "a later member"])).entries == []


def test_entry_stream_bounds() -> None:
    good = entries.encode(samples.exams(2))
    assert error_code(entries_reader.decode, good + b"\0", 1) == "malformed"
    assert error_code(entries_reader.decode, good[:-1], 1) == "malformed"
    assert error_code(entries_reader.decode, bytes(64), 1) == "malformed"
    assert error_code(entries_reader.decode, bytes(entries_reader.MAX_STREAM_BYTES + 1), 1) == "too_long"
    assert error_code(entries_reader.decode, b"\xff" * 200, 1) in ("malformed", "out_of_range", "too_long")


def test_nonce_belongs_to_the_payload() -> None:
    first = uplink.seal_report(MACHINE_KEY, samples.report(samples.exams(1)))
    again = uplink.seal_report(MACHINE_KEY, samples.report(samples.exams(1)))
    other = uplink.seal_report(MACHINE_KEY, samples.report(samples.exams(2)))
    assert first == again
    assert cose.header(first)[1] != cose.header(other)[1]


def test_a_report_opens_with_its_machines_key_only() -> None:
    message = uplink.seal_report(MACHINE_KEY, samples.report(samples.exams(1)))
    assert error_code(uplink.open_report, b"x" * 32, message) == "bad_tag"
    for position in range(0, len(message), 5):
        wrong = bytearray(message)
        wrong[position] ^= 1
        outcome = error_code(open_as_claimed, bytes(wrong))
        assert outcome in ("bad_tag", "malformed", "unknown_kind"), position


def open_as_claimed(message: bytes) -> None:
    machine_key = keys.machine_key(bytes(range(32)), uplink.machine_of(message), samples.EPOCH)
    uplink.open_report(machine_key, message)


def test_ack_is_bound_to_its_request() -> None:
    request = uplink.seal_report(MACHINE_KEY, samples.report(samples.exams(1)))
    other = uplink.seal_report(MACHINE_KEY, samples.report(samples.exams(2)))
    answer = uplink.seal_ack(MACHINE_KEY, request, samples.ack())
    found = uplink.open_ack(MACHINE_KEY, request, answer)
    assert (found.ack_seq, found.server_time, found.alert) == (38, samples.NOON + 13000, 0)
    assert [(c.id, c.kind, c.args) for c in found.commands] == [(c.id, c.kind, c.args) for c in samples.ack().commands]
    assert error_code(uplink.open_ack, MACHINE_KEY, other, answer) == "bad_tag"
    assert error_code(uplink.open_ack, b"x" * 32, request, answer) == "bad_tag"
    assert error_code(uplink.open_ack, MACHINE_KEY, request, request) == "bad_tag"
    assert error_code(uplink.open_report, MACHINE_KEY, answer) == "bad_tag"


def test_ack_members() -> None:
    for members, code in (
        ([1, 1, 1, []], "malformed"),
        ([2, 1, 1, [], 0], "unknown_version"),
        ([1, -1, 1, [], 0], "out_of_range"),
        ([1, 1, None, [], 0], "malformed"),
        ([1, 1, 1, {}, 0], "malformed"),
        ([1, 1, 1, [[1, 1]], 0], "malformed"),
        ([1, 1, 1, [[1, 1, 1]], 0], "malformed"),
        ([1, 1, 1, [["a", 1, []]], 0], "malformed"),
        ([1, 1, 1, [[1, 1, [0] * 9]], 0], "too_long"),
        ([1, 1, 1, [[1, 1, []]] * 33, 0], "too_long"),
        ([1, 1, 1, [], 1 << 32], "out_of_range"),
    ):
        assert error_code(uplink.decode_ack, cbor.encode(members)) == code, members


def test_an_unknown_command_is_kept() -> None:
    found = uplink.decode_ack(uplink.encode_ack(uplink.Ack(1, 2, [uplink.Command(3, 99, [b"new"])])))
    assert (found.commands[0].kind, found.commands[0].args) == (99, [b"new"])


def test_a_message_of_no_machine() -> None:
    message = cose.seal(b"k" * 16, b"me", b"i" * 13, b"")
    assert error_code(uplink.machine_of, message) == "malformed"
    assert journal.MAC_BYTES == 8
