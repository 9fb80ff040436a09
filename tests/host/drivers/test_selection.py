"""ISO/IEC 14443-3: UIDs of three lengths, two cards at once, and frames that get lost."""

import itertools

import pytest

from emulator.cards.classic import ClassicCard
from emulator.rf import Frame, Reply
from tests.host.drivers.bench import FACTORY_KEY, KEY_A, REQA, WUPA, Bench

UID_4 = bytes.fromhex("c1a55e77")
UID_7 = bytes.fromhex("04a1b2c3d4e5f6")
UID_10 = bytes.fromhex("04112233445566778899")


class LossyCard(ClassicCard):
    """Does not hear one of the frames that are sent to it."""

    def __init__(self, uid: bytes, lost: int) -> None:
        super().__init__(uid)
        self.lost = lost
        self.heard = 0

    def receive(self, frame: Frame) -> Reply | None:
        self.heard += 1
        return None if self.heard == self.lost else super().receive(frame)


@pytest.mark.parametrize("uid", [UID_4, UID_7, UID_10])
def test_select_halt_and_wake(reader: Bench, uid: bytes) -> None:
    reader.put(ClassicCard(uid))
    assert reader.call("select")[:2] == [uid.hex(), 0x08]
    reader.call("halt")
    assert reader.refused("select", wake=REQA) == "CardGone"
    assert reader.call("select", wake=WUPA)[0] == uid.hex()
    reader.call("reselect")
    reader.call("authenticate", block=4, key=FACTORY_KEY, key_type=KEY_A)
    reader.call("reselect")
    reader.call("authenticate", block=8, key=FACTORY_KEY, key_type=KEY_A)


def test_an_empty_field(reader: Bench) -> None:
    assert reader.refused("select") == "CardGone"


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations([UID_4, UID_7, UID_10], 2)))
def test_cards_of_different_sizes_are_seen_as_two(reader: Bench, first: bytes, second: bytes) -> None:
    reader.put(ClassicCard(first))
    reader.put(ClassicCard(second))
    assert reader.refused("select") == "TwoCards"


@pytest.mark.parametrize("bit", range(32))
def test_two_cards_that_differ_in_one_bit(reader: Bench, bit: int) -> None:
    other = (int.from_bytes(UID_4, "little") ^ 1 << bit).to_bytes(4, "little")
    cards = {uid: reader.put(ClassicCard(uid)) for uid in (UID_4, other)}
    assert reader.refused("select", wake=WUPA) == "TwoCards"
    picked = bytes.fromhex(reader.call("select", wake=WUPA, pick_one=True)[0])
    reader.take(cards.pop(picked))
    (left,) = cards
    assert reader.call("select", wake=WUPA)[0] == left.hex()


@pytest.mark.parametrize("bit", [0, 9, 23, 24, 40, 55])
def test_two_long_uids_that_differ_in_one_bit(reader: Bench, bit: int) -> None:
    other = (int.from_bytes(UID_7, "little") ^ 1 << bit).to_bytes(7, "little")
    uids = {UID_7.hex(), other.hex()}
    for uid in uids:
        reader.put(ClassicCard(bytes.fromhex(uid)))
    assert reader.refused("select", wake=WUPA) == "TwoCards"
    assert reader.call("select", wake=WUPA, pick_one=True)[0] in uids


def test_five_cards_are_picked_one_by_one(reader: Bench) -> None:
    """As long as cards are taken away when they were picked, every one has its turn."""
    cards = {bytes([0x40 + 7 * n, n, 0x33, 0x5A ^ n]): None for n in range(5)}
    present = {uid: reader.put(ClassicCard(uid)) for uid in cards}
    for _ in cards:
        uid = bytes.fromhex(reader.call("select", wake=WUPA, pick_one=True)[0])
        reader.take(present.pop(uid))
    assert not present


@pytest.mark.parametrize("uid", [UID_4, UID_7, UID_10])
def test_any_one_frame_may_be_lost(reader: Bench, uid: bytes) -> None:
    """The wake-up, a step of the anticollision, an authentication, a read, either half of a write: it is repeated."""
    lost = 0
    while True:
        lost += 1
        card = LossyCard(uid, lost)
        reader.put(card)
        if lost == 1:
            assert reader.refused("select") == "CardGone"  # nobody was known to be there: the next poll finds it
        reader.call("select", wake=WUPA)
        reader.call("authenticate", block=4, key=FACTORY_KEY, key_type=KEY_A)
        reader.call("write", block=5, data="a7" * 16)
        assert reader.call("read", block=5)[0] == "a7" * 16
        reader.take(card)
        if card.heard < lost:
            break
    assert lost >= 9
