"""Cards that leave inside a write: what is left in the block, and only there."""

from __future__ import annotations

from itertools import pairwise

import pytest

from emulator.cards.classic import ACK, ClassicCard
from emulator.faults import TearPoint
from emulator.mfrc522 import registers as reg
from tests.host.emulator.rf.bench import Bench

UID = bytes.fromhex("2a698d43")
KEY = b"\xff" * 6
OLD, NEW = b"\x00" * 16, b"\xff" * 16


def write_torn(
    bench: Bench, card: ClassicCard, tear: TearPoint | None, block: int = 5, data: bytes = NEW
) -> int | None:
    """One session that writes a block. The data frame of the write is frame number 12."""
    bench.field.enter(card)
    bench.field_on()
    if tear is not None:
        bench.field.tear(tear)
    bench.select()
    bench.authenticate(4, KEY, UID)
    return bench.write_block(block, data)


def ones(block: bytes | bytearray) -> int:
    return int.from_bytes(block, "little").bit_count()


def test_where_the_write_is(bench: Bench) -> None:
    assert write_torn(bench, ClassicCard(UID), None) == ACK
    assert bench.field.frames[12].bits == 144
    assert bench.field.frame_count == 14
    assert bench.field.write_frames == [12]


@pytest.mark.parametrize(
    ("tear", "written"),
    [
        (TearPoint(12, "before"), False),
        (TearPoint(12, "after"), False),
        (TearPoint(12, "inside_write", 0.0), False),
        (TearPoint(12, "inside_write", 1.0), True),
        (TearPoint(13, "before"), True),
        (TearPoint(13, "after"), True),
    ],
)
def test_around_the_write_it_is_all_or_nothing(bench: Bench, tear: TearPoint, written: bool) -> None:
    card = ClassicCard(UID)
    answer = write_torn(bench, card, tear)
    assert (answer == ACK) == (tear == TearPoint(13, "after"))
    assert card.blocks[5] == (NEW if written else OLD)
    assert card.weak_blocks == []
    assert bench.field.tears_done == [tear]


def test_inside_the_write_the_block_is_a_mix_and_nothing_else_changes(bench: Bench) -> None:
    card = ClassicCard(UID)
    before = card.image()
    assert write_torn(bench, card, TearPoint(12, "inside_write", 0.5)) is None
    assert 30 < ones(card.blocks[5]) < 98
    assert card.weak_blocks == [5]
    after = card.image()
    assert after[: 5 * 16] == before[: 5 * 16]
    assert after[6 * 16 :] == before[6 * 16 :]


def test_a_later_tear_leaves_more_new_bits(make_bench: type[Bench]) -> None:
    counts = []
    for fraction in (0.1, 0.5, 0.9):
        card = ClassicCard(UID)
        write_torn(make_bench(), card, TearPoint(12, "inside_write", fraction))
        counts.append(ones(card.blocks[5]))
    assert counts == sorted(counts)
    assert counts[0] < 40
    assert counts[2] > 90


def test_bits_that_stay_are_never_touched(bench: Bench) -> None:
    card = ClassicCard(UID)
    write_torn(bench, card, TearPoint(12, "inside_write", 0.5), data=b"\x0f" * 16)
    assert all(not value & 0xF0 for value in card.blocks[5])


def test_weak_bits_waver_until_the_block_is_written_again(bench: Bench) -> None:
    card = ClassicCard(UID)
    write_torn(bench, card, TearPoint(12, "inside_write", 0.5))
    bench.field.enter(card)
    bench.clock.advance(5_000)
    bench.select()
    assert bench.authenticate(4, KEY, UID)
    assert len({bench.read_block(5) for _ in range(20)}) > 1
    assert bench.write_block(5, NEW) == ACK
    assert {bench.read_block(5) for _ in range(5)} == {NEW}
    assert card.weak_blocks == []


def test_the_same_seed_tears_the_same_way(make_bench: type[Bench]) -> None:
    def torn(seed: int) -> bytes:
        card = ClassicCard(UID, seed=seed)
        write_torn(make_bench(), card, TearPoint(12, "inside_write", 0.5))
        return card.image()

    assert torn(1) == torn(1)
    assert torn(1) != torn(2)


def test_a_torn_trailer_locks_its_sector(bench: Bench) -> None:
    card = ClassicCard(UID)
    trailer = b"\x11" * 6 + b"\x78\x77\x88\x69" + b"\x22" * 6
    write_torn(bench, card, TearPoint(12, "inside_write", 0.5), block=7, data=trailer)
    assert card.sector_locked(1)
    assert not card.sector_locked(2)


@pytest.mark.parametrize("how", ["leave", "antenna", "power"])
def test_time_decides_how_much_was_written(bench: Bench, how: str) -> None:
    """Without a tear point: the card just goes, or the field does, a quarter of the way into the write."""
    card = ClassicCard(UID, write_us=8_000)
    bench.field.enter(card)
    bench.field_on()
    bench.select()
    bench.authenticate(4, KEY, UID)
    assert bench.command(0xA0, 5) == ACK
    bench.write(reg.COMMAND, reg.IDLE)
    bench.write(reg.BIT_FRAMING, 0)
    bench.write(reg.TX_MODE, reg.CRC_ENABLE)
    bench.write(reg.FIFO_DATA, *NEW)
    bench.write(reg.COMMAND, reg.TRANSCEIVE)
    bench.write(reg.BIT_FRAMING, reg.START_SEND)
    bench.clock.advance(1_558 + 91 + 2_000)
    if how == "leave":
        bench.field.leave(card)
    elif how == "antenna":
        bench.write(reg.TX_CONTROL, 0x80)
    else:
        bench.chip.power(False)
    assert 10 < ones(card.blocks[5]) < 54
    assert card.weak_blocks == [5]


def test_write_times_are_drawn_from_the_range(bench: Bench) -> None:
    card = ClassicCard(UID, write_us=(4_000, 10_000))
    bench.field.enter(card)
    bench.field_on()
    bench.select()
    bench.authenticate(4, KEY, UID)
    for _ in range(10):
        bench.write_block(5, NEW)
    log = bench.field.frames
    gaps = [b.time_us - a.time_us - a.airtime_us for a, b in pairwise(log) if a.bits == 144]
    assert len(set(gaps)) > 5
    assert all(4_000 < gap < 10_100 for gap in gaps)
