"""Selection with UIDs of every length, and the states around it (ISO/IEC 14443-3 6.4)."""

from __future__ import annotations

import pytest

from emulator.cards.classic import ClassicCard
from emulator.cards.iso14443a import State, cascade_levels, crc_a, with_crc
from emulator.rf import Frame
from tests.host.emulator.rf.bench import Bench

UIDS = [bytes.fromhex(uid) for uid in ("2a698d43", "04112233445566", "04112233445566778899")]
REQA, WUPA = Frame(b"\x26", 7), Frame(b"\x52", 7)


def answer(card: ClassicCard, frame: Frame) -> bytes | None:
    reply = card.receive(frame)
    return None if reply is None or reply.frame is None else reply.frame.data


def state(card: ClassicCard) -> State:
    return card.state


def select(card: ClassicCard) -> None:
    for code, level in zip((0x93, 0x95, 0x97), cascade_levels(card.uid), strict=False):
        answer(card, Frame(with_crc(bytes([code, 0x70]) + level)))


# ISO/IEC 14443-3 Annex B
@pytest.mark.parametrize(("data", "crc"), [("0000", "a01e"), ("1234", "26cf"), ("5000", "57cd"), ("3000", "02a8")])
def test_crc_a(data: str, crc: str) -> None:
    assert crc_a(bytes.fromhex(data)).hex() == crc


@pytest.mark.parametrize(("uid", "atqa"), list(zip(UIDS, ("0400", "4400", "8400"), strict=True)))
def test_selection_over_the_air(bench: Bench, uid: bytes, atqa: str) -> None:
    bench.field.enter(ClassicCard(uid))
    bench.field_on()
    assert bench.request().hex() == atqa
    assert bench.select() == uid


def test_every_level_starts_with_the_cascade_tag_but_the_last() -> None:
    levels = cascade_levels(UIDS[2])
    assert [level[0] for level in levels] == [0x88, 0x88, 0x66]
    assert all(level[0] ^ level[1] ^ level[2] ^ level[3] == level[4] for level in levels)


@pytest.mark.parametrize("size", [0, 3, 5, 8, 11])
def test_other_uid_lengths_do_not_exist(size: int) -> None:
    with pytest.raises(ValueError, match="4, 7 or 10"):
        ClassicCard(bytes(size))


def test_halt_and_wake_up() -> None:
    card = ClassicCard(UIDS[0])
    answer(card, REQA)
    select(card)
    assert state(card) is State.ACTIVE
    assert answer(card, Frame(with_crc(b"\x50\x00"))) is None
    assert state(card) is State.HALT
    assert answer(card, REQA) is None
    assert answer(card, WUPA) == b"\x04\x00"
    assert state(card) is State.READY


def test_a_card_out_of_halt_falls_back_into_halt() -> None:
    card = ClassicCard(UIDS[0])
    answer(card, REQA)
    select(card)
    answer(card, Frame(with_crc(b"\x50\x00")))
    answer(card, WUPA)
    select(card)
    assert answer(card, WUPA) is None, "unexpected while it is active"
    assert state(card) is State.HALT
    card.power_off()
    assert state(card) is State.IDLE


def test_a_request_in_the_middle_sends_a_card_to_sleep() -> None:
    card = ClassicCard(UIDS[0])
    answer(card, REQA)
    assert answer(card, REQA) is None
    assert state(card) is State.IDLE
    assert answer(card, REQA) == b"\x04\x00"


@pytest.mark.parametrize(
    "frame",
    [
        Frame(b"\x93"),
        Frame(b"\x95\x20"),
        Frame(b"\x93\x20\x00"),
        Frame(b"\x93\x70\x2a\x69\x8d\x43\x8d\x00\x00"),
        Frame(with_crc(b"\x93\x70\x2a\x69\x8d\x42\x8c")),
        Frame(b"\x93\x80" + bytes(8)),
        Frame(b"\x93\x10"),
        Frame(b"", 0),
    ],
)
def test_what_is_not_for_it_sends_a_ready_card_to_sleep(frame: Frame) -> None:
    card = ClassicCard(UIDS[0])
    answer(card, REQA)
    assert answer(card, frame) is None
    assert state(card) is State.IDLE


def test_nothing_but_a_request_reaches_an_idle_card() -> None:
    card = ClassicCard(UIDS[0])
    assert answer(card, Frame(b"\x93\x20")) is None
    assert answer(card, Frame(b"\x40", 7)) is None
    assert state(card) is State.IDLE


def test_all_cards_of_a_pile_are_found_one_by_one(bench: Bench) -> None:
    """A plain anticollision loop over the registers, choosing 1 at every collision, halting who was found."""
    from emulator.mfrc522 import registers as reg

    pile = {bytes.fromhex(uid) for uid in ("01020304", "01020305", "81020304", "01820304")}
    for uid in pile:
        bench.field.enter(ClassicCard(uid))
    bench.field_on()
    bench.write(reg.COLL, 0x00)
    found = set()
    for _ in pile:
        assert bench.request(0x26)
        known, bits = 0, 0
        while bits < 32:
            align = bits & 7
            sent = known.to_bytes(5, "little")[: (bits + 7) // 8]
            head = bytes([0x93, 0x20 + (bits // 8 << 4) + align])
            answer, _ = bench.transceive(head + sent, last_bits=align, align=align)
            heard = int.from_bytes(answer, "little") << bits - align
            if bench.read(reg.ERROR) & reg.COLLISION_ERROR:
                position = (bench.read(reg.COLL) & 0x1F or 32) - align + bits
                known = (known | heard) & (1 << position) - 1 | 1 << position - 1
                bits = position
            else:
                known, bits = known | heard, 40
        uid = known.to_bytes(5, "little")
        if bits == 32:
            uid = uid[:4] + bytes([uid[0] ^ uid[1] ^ uid[2] ^ uid[3]])
        assert bench.transceive(b"\x93\x70" + uid, crc=True)[0] == b"\x08"
        found.add(uid[:4])
        bench.transceive(b"\x50\x00", crc=True)
    assert found == pile
    assert bench.request(0x26) == b""
