"""Our records on a MIFARE Classic: written, read, burnt, drawn from, erased; and what is refused."""

from typing import Any

import pytest
from protocol import classic as layout

from emulator.cards.classic import ClassicCard
from tests.host.drivers.bench import FACTORY_KEY, READ_KEY, WRITE_KEY, Bench
from tests.host.drivers.records import ALL_KINDS, record_of

UID = bytes.fromhex("01020304")
MARK = "c3" * 16
OTHER_MARK = "3c" * 16


@pytest.fixture
def card(reader: Bench) -> ClassicCard:
    made = reader.put(ClassicCard(UID))
    assert reader.call("open") == "classic1k"
    return made


def personalise(bench: Bench, kind: str, record: bytes | None = None) -> list[Any]:
    data = (record or record_of(kind)).hex()
    outcome: list[Any] = bench.call("personalise", kind=kind, record=data, read_key=READ_KEY, write_key=WRITE_KEY)
    return outcome


def is_blank(card: ClassicCard) -> bool:
    """As delivered, from block 4 on."""
    data = all(not any(block) for number, block in enumerate(card.blocks) if number > 3 and number % 4 != 3)
    return data and all(bytes(card.blocks[n]) == layout.factory_trailer() for n in range(7, 64, 4))


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_from_blank_to_a_card_and_back(reader: Bench, card: ClassicCard, kind: str) -> None:
    assert reader.call("classify") == ["blank", "", False]
    blocks, retries, steps = personalise(reader, kind)
    assert (blocks, retries) == (card.writes, 0)
    assert steps == list(range(1, len(steps) + 1))
    reader.call("open")
    assert reader.call("classify") == [kind, record_of(kind)[:16].hex(), False]
    assert reader.call("read_record", kind=kind, read_key=READ_KEY) == record_of(kind).hex()
    reader.call("open")
    reader.call("erase", kind=kind, write_key=WRITE_KEY)
    reader.call("open")
    assert reader.call("classify") == ["blank", "", False]
    assert is_blank(card)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_no_sector_of_ours_keeps_a_factory_key(reader: Bench, card: ClassicCard, kind: str) -> None:
    personalise(reader, kind)
    number = {"master": 1, "white": 2, "batch": 3, "one_time": 4}[kind]
    sectors = layout.sectors_for(number, len(record_of(kind)))
    assert len(sectors) > 0
    for sector in sectors:
        trailer = bytes(card.blocks[layout.trailer_of(sector)])
        key_a = layout.PUBLIC_READ_KEY if sector == 1 else bytes.fromhex(READ_KEY)
        assert (trailer[:6], trailer[10:]) == (key_a, bytes.fromhex(WRITE_KEY))
        assert layout.decode_access(trailer[6:9])[3] == layout.TRAILER_B


def test_the_same_call_again_changes_nothing(reader: Bench, card: ClassicCard) -> None:
    personalise(reader, "one_time")
    before = card.image()
    reader.call("open")
    personalise(reader, "one_time")
    assert card.image() == before


def test_another_record_does_not_overwrite_a_card(reader: Bench, card: ClassicCard) -> None:
    personalise(reader, "one_time")
    before = card.image()
    reader.call("open")
    other = record_of("one_time")[:-1] + b"\x00"
    params = {"kind": "one_time", "record": other.hex(), "read_key": READ_KEY, "write_key": WRITE_KEY}
    assert reader.refused("personalise", **params) == "damaged"
    third = bytearray(record_of("one_time"))
    third[9] ^= 1
    assert reader.refused("personalise", **params | {"record": bytes(third).hex()}) == "wrong_card"
    assert card.image() == before


def test_somebody_elses_data_is_left_alone(reader: Bench) -> None:
    card = ClassicCard(UID)
    card.blocks[4][:] = b"loyalty points  "
    before = card.image()
    reader.put(card)
    reader.call("open")
    assert reader.call("classify") == ["foreign", "", False]
    params = {"kind": "one_time", "record": record_of("one_time").hex(), "read_key": READ_KEY, "write_key": WRITE_KEY}
    assert reader.refused("personalise", **params) == "wrong_card"
    assert reader.refused("erase", kind="one_time", write_key=WRITE_KEY) == "wrong_card"
    assert card.image() == before


def test_a_card_with_other_keys_is_foreign(reader: Bench) -> None:
    card = ClassicCard(UID)
    card.blocks[7][:6] = b"secret"
    card.blocks[7][10:] = b"hidden"
    reader.put(card)
    reader.call("open")
    assert reader.call("classify") == ["foreign", "", False]
    params = {"kind": "one_time", "record": record_of("one_time").hex(), "read_key": READ_KEY, "write_key": WRITE_KEY}
    assert reader.refused("personalise", **params) == "damaged"


@pytest.mark.parametrize(("kind", "key"), [("one_time", WRITE_KEY), ("batch", READ_KEY)])
def test_burning(reader: Bench, card: ClassicCard, kind: str, key: str) -> None:
    personalise(reader, kind)
    reader.call("open")
    assert reader.call("burn_state", kind=kind, mark=MARK, read_key=READ_KEY) == "fresh"
    assert reader.refused("burn", kind=kind, access_key=FACTORY_KEY, mark=MARK) == "WrongKey"
    reader.call("open")
    reader.call("burn", kind=kind, access_key=key, mark=MARK)
    assert reader.call("burn_state", kind=kind, mark=MARK, read_key=READ_KEY) == "mine"
    reader.call("open")
    assert reader.call("burn_state", kind=kind, mark=MARK, read_key=READ_KEY) == "mine"
    assert reader.call("burn_state", kind=kind, mark=OTHER_MARK, read_key=READ_KEY) == "other"
    assert reader.call("classify")[0] == kind


def test_a_burnt_card_is_neither_erased_nor_made_anew(reader: Bench, card: ClassicCard) -> None:
    personalise(reader, "one_time")
    reader.call("burn", kind="one_time", access_key=WRITE_KEY, mark=MARK)
    before = card.image()
    reader.call("open")
    assert reader.refused("erase", kind="one_time", write_key=WRITE_KEY) == "used"
    params = {"kind": "one_time", "record": record_of("one_time").hex(), "read_key": READ_KEY, "write_key": WRITE_KEY}
    assert reader.refused("personalise", **params) == "used"
    assert card.image() == before


def test_the_public_key_cannot_write(reader: Bench, card: ClassicCard) -> None:
    personalise(reader, "one_time")
    reader.call("select", wake=0x52)
    reader.call("authenticate", block=4, key=layout.PUBLIC_READ_KEY.hex(), key_type=0x60)
    assert reader.refused("write", block=6, data=MARK) == "CardRefused"


def test_a_record_needs_its_read_key(reader: Bench, card: ClassicCard) -> None:
    personalise(reader, "batch")
    reader.call("open")
    assert reader.refused("read_record", kind="batch", read_key="000000000000") == "WrongKey"
    reader.call("open")
    assert reader.refused("read_record", kind="white", read_key=READ_KEY) == "wrong_card"


def test_the_draw_counter_only_goes_up(reader: Bench, card: ClassicCard) -> None:
    personalise(reader, "white")
    reader.call("open")
    assert reader.call("drawn", read_key=READ_KEY) == 1000
    for value in (1000, 1001, 1250, 1250, 1499):
        assert reader.call("draw", write_key=WRITE_KEY, next_credit=value) == value
        assert reader.call("drawn", read_key=READ_KEY) == value
    assert reader.refused("draw", write_key=WRITE_KEY, next_credit=1498) == "out_of_range"
    assert reader.call("drawn", read_key=READ_KEY) == 1499
    reader.call("open")
    personalise(reader, "white")  # making the same card again must not wind it back
    reader.call("open")
    assert reader.call("drawn", read_key=READ_KEY) == 1499


@pytest.mark.parametrize("length", [0, 5, 15, 31, 300])
def test_a_record_that_is_none(reader: Bench, card: ClassicCard, length: int) -> None:
    record = record_of("master")[:length]
    params = {"kind": "one_time", "record": record.hex(), "read_key": READ_KEY, "write_key": WRITE_KEY}
    assert reader.refused("personalise", **params) in ("damaged", "wrong_card")
    assert is_blank(card)
