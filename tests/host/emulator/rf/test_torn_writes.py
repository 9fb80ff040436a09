"""Cards that leave inside a write: what is left in the block, and only there."""

from __future__ import annotations

from itertools import pairwise

import pytest

from emulator.cards.classic import ACK, ClassicCard
from emulator.faults import TearPoint

UID = bytes.fromhex("2a698d43")
KEY = b"\xff" * 6
OLD, NEW = b"\x00" * 16, b"\xff" * 16


def write_torn(bench, card: ClassicCard, tear: TearPoint | None, block: int = 5, data: bytes = NEW) -> int | None:
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


def test_where_the_write_is(bench) -> None:
    assert write_torn(bench, ClassicCard(UID), None) == ACK
    assert bench.field.frames[12].bits == 144
    assert bench.field.frame_count == 14


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
def test_around_the_write_it_is_all_or_nothing(bench, tear: TearPoint, written: bool) -> None:
    card = ClassicCard(UID)
    answer = write_torn(bench, card, tear)
    assert (answer == ACK) == (tear == TearPoint(13, "after"))
    assert card.blocks[5] == (NEW if written else OLD)
    assert card.weak_blocks == []
    assert bench.field.tears_done == [tear]


def test_inside_the_write_the_block_is_a_mix_and_nothing_else_changes(bench) -> None:
    card = ClassicCard(UID)
    before = card.image()
    assert write_torn(bench, card, TearPoint(12, "inside_write", 0.5)) is None
    assert 30 < ones(card.blocks[5]) < 98
    assert card.weak_blocks == [5]
    after = card.image()
    assert after[: 5 * 16] == before[: 5 * 16]
    assert after[6 * 16 :] == before[6 * 16 :]


def test_a_later_tear_leaves_more_new_bits(make_bench) -> None:
    counts = []
    for fraction in (0.1, 0.5, 0.9):
        card = ClassicCard(UID)
        write_torn(make_bench(), card, TearPoint(12, "inside_write", fraction))
        counts.append(ones(card.blocks[5]))
    assert counts == sorted(counts)
    assert counts[0] < 40
    assert counts[2] > 90


def test_bits_that_stay_are_never_touched(bench) -> None:
    card = ClassicCard(UID)
    write_torn(bench, card, TearPoint(12, "inside_write", 0.5), data=b"\x0f" * 16)
    assert all(not value & 0xF0 for value in card.blocks[5])


def test_weak_bits_waver_until_the_block_is_written_again(bench) -> None:
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


def test_the_same_seed_tears_the_same_way(make_bench) -> None:
    def torn(seed: int) -> bytes:
        card = ClassicCard(UID, seed=seed)
        write_torn(make_bench(), card, TearPoint(12, "inside_write", 0.5))
        return card.image()

    assert torn(1) == torn(1)
    assert torn(1) != torn(2)


def test_a_torn_trailer_locks_its_sector(bench) -> None:
    card = ClassicCard(UID)
    trailer = b"\x11" * 6 + b"\x78\x77\x88\x69" + b"\x22" * 6
    write_torn(bench, card, TearPoint(12, "inside_write", 0.5), block=7, data=trailer)
    assert card.sector_locked(1)
    assert not card.sector_locked(2)


@pytest.mark.parametrize("how", ["leave", "antenna", "power"])
def test_time_decides_how_much_was_written(make_bench, how: str) -> None:
    """Without a tear point: the card just goes, or the field does, some time into the write."""
    bench = make_bench()
    card = ClassicCard(UID, write_us=8_000)
    bench.field.enter(card)
    bench.field_on()
    bench.select()
    bench.authenticate(4, KEY, UID)
    bench.field.on_frame.append(lambda entry: at.append(entry.time_us + entry.airtime_us))
    at: list[int] = []
    write = bench.write

    def poll_at_most(register: int, *values: int) -> None:
        write(register, *values)
        if len(at) == 3:  # command, ACK, data frame: go after a quarter of the write
            bench.clock.now_us = at[2] + 91 + 2_000
            {
                "leave": lambda: bench.field.leave(card),
                "antenna": lambda: write(0x14, 0x80),
                "power": lambda: bench.chip.power(False),
            }[how]()

    bench.write = poll_at_most
    bench.wait = lambda irqs, wait=bench.wait: 0 if len(at) >= 3 else wait(irqs)
    bench.write_block(5, NEW)
    assert 5 < ones(card.blocks[5]) < 64
    assert card.weak_blocks == [5]


def test_write_times_are_drawn_from_the_range(bench) -> None:
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
