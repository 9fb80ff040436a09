"""A service card's store: frames beside each other, whatever else lies between; room found, nobody's frame touched."""

from protocol import classic, mailbox, uplink
from protocol.mailbox import PUSH, UNIT_BYTES, UP, Frame

from tests.firmware.protocol import samples
from tests.firmware.protocol.support import Source, error_code

STORE_BYTES = classic.STORE_BYTES


def put(store: bytearray, unit: int, frame: bytes) -> None:
    store[unit * UNIT_BYTES : unit * UNIT_BYTES + len(frame)] = frame


def seen(store: bytes) -> list[tuple[int, int, bytes, int]]:
    return [(frame.kind, frame.machine_id, frame.message, frame.unit) for frame in mailbox.frames(store)]


def test_an_empty_store() -> None:
    for empty in (b"", bytes(STORE_BYTES), b"\xff" * STORE_BYTES, bytes(15)):
        assert mailbox.frames(empty) == []


def test_frames_come_back_with_their_places() -> None:
    store = bytearray(STORE_BYTES)
    put(store, 0, mailbox.encode(UP, 7, b"one"))
    put(store, 3, mailbox.encode(PUSH, 8, b"two" * 20))
    put(store, 41, mailbox.encode(UP, 0xFFFFFFFF, b"7 bytes"))
    assert seen(bytes(store)) == [(UP, 7, b"one", 0), (PUSH, 8, b"two" * 20, 3), (UP, 0xFFFFFFFF, b"7 bytes", 41)]


def test_the_stored_example() -> None:
    found = mailbox.frames(samples.store())
    assert [frame.kind for frame in found] == [UP, PUSH]
    assert uplink.open_report(samples.MACHINE_KEY, found[0].message).entries == samples.exams(5)
    assert uplink.open_push(samples.MACHINE_KEY, found[1].message).ack_seq == 38


def test_a_frame_is_there_or_not_wherever_its_writing_stops() -> None:
    before = mailbox.encode(UP, 7, b"an earlier report of another machine")
    frame = mailbox.encode(UP, 9, bytes(range(100)))
    store = bytearray(STORE_BYTES)
    put(store, 0, before)
    assert seen(bytes(store)) == [(UP, 7, b"an earlier report of another machine", 0)]
    first = len(before) // UNIT_BYTES
    source = Source(5)
    for written in range(len(frame) // UNIT_BYTES, -1, -1):
        torn = bytearray(store)
        put(torn, first + written, frame[written * UNIT_BYTES :])
        expected = 2 if written == 0 else 1
        assert len(mailbox.frames(bytes(torn))) == expected
        if written:
            put(torn, first + written - 1, source.bytes_(UNIT_BYTES))  # the unit in which it was torn
            assert seen(bytes(torn))[0] == (UP, 7, b"an earlier report of another machine", 0)
            assert len(mailbox.frames(bytes(torn))) == 1


def test_damage_takes_one_frame_not_those_behind_it() -> None:
    store = bytearray(STORE_BYTES)
    for index in range(5):
        put(store, 4 * index, mailbox.encode(UP, index + 1, b"a report of fifty bytes, as long as that, and more"))
    for byte in range(64, 120):
        for bit in (0, 3, 7):
            wrong = bytearray(store)
            wrong[byte] ^= 1 << bit
            assert [frame.machine_id for frame in mailbox.frames(bytes(wrong))] == [1, 3, 4, 5]


def test_a_kind_of_later_keeps_its_place() -> None:
    frame = bytearray(mailbox.encode(UP, 7, b"from the future"))
    frame[0] = 9
    body = bytes(frame[: mailbox.HEADER_BYTES + 15])
    from protocol.hostlink import crc16

    store = body + crc16(body).to_bytes(2, "big") + bytes(8)
    found = mailbox.frames(store)
    assert [(kept.kind, kept.units) for kept in found] == [(9, 2)]
    assert mailbox.gaps(STORE_BYTES, [frame.place() for frame in found]) == [(2, 40)]


def test_room() -> None:
    kept = [Frame(UP, 2, bytes(7), 30).place(), Frame(UP, 1, bytes(60), 2).place(), Frame(UP, 3, bytes(7), 41).place()]
    assert kept == [(30, 1), (2, 5), (41, 1)]
    assert mailbox.gaps(STORE_BYTES, kept) == [(0, 2), (7, 23), (31, 10)]
    assert mailbox.gaps(STORE_BYTES, []) == [(0, 42)]
    assert mailbox.place(STORE_BYTES, kept, 20) == 0
    assert mailbox.place(STORE_BYTES, kept, 100) == 31
    assert mailbox.place(STORE_BYTES, kept, 200) == 7
    assert mailbox.place(STORE_BYTES, kept, mailbox.room_bytes(23)) == 7
    assert mailbox.place(STORE_BYTES, kept, mailbox.room_bytes(23) + 1) is None
    assert mailbox.room_bytes(0) == 0
    assert mailbox.units_of(mailbox.room_bytes(3)) == 3


def test_what_is_no_frame_is_refused() -> None:
    assert error_code(mailbox.encode, 3, 1, b"x") == "unknown_kind"
    assert error_code(mailbox.encode, UP, 1 << 32, b"x") == "out_of_range"
    assert error_code(mailbox.encode, UP, 1, b"") == "malformed"
    assert error_code(mailbox.encode, UP, 1, bytes(mailbox.MAX_STORE_BYTES)) == "too_long"
    longest = mailbox.room_bytes(mailbox.MAX_STORE_BYTES // UNIT_BYTES)
    assert len(mailbox.encode(UP, 1, bytes(longest))) == mailbox.MAX_STORE_BYTES


def test_any_content_can_be_read() -> None:
    source = Source(6)
    for _ in range(40):
        store = bytearray(source.bytes_(STORE_BYTES))
        for unit in range(0, 42, 1 + source.below(5)):
            store[unit * UNIT_BYTES : unit * UNIT_BYTES + 7] = (
                bytes([1 + source.below(2)]) + source.bytes_(4) + bytes([source.below(3), source.below(256)])
            )
        taken = 0
        for frame in mailbox.frames(bytes(store)):
            assert frame.unit >= taken
            taken = frame.unit + frame.units
        assert taken <= 42


def test_classic_has_the_room_it_says() -> None:
    blocks = [classic.store_block(unit) for unit in range(STORE_BYTES // UNIT_BYTES)]
    assert len(set(blocks)) == 42
    assert [classic.sector_of(block) for block in (blocks[0], blocks[-1])] == [2, 15]
    assert all(block % 4 != 3 for block in blocks)
    assert error_code(classic.store_block, 42) == "out_of_range"
    assert STORE_BYTES <= mailbox.MAX_STORE_BYTES
