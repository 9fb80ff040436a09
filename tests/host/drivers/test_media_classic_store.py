"""A service card on a MIFARE Classic: made, read, written; torn anywhere, it can always be used again."""

from collections.abc import Callable
from typing import Any

import pytest
from protocol import classic as layout
from protocol import mailbox, records

from emulator.cards.classic import ClassicCard
from emulator.faults import TearPoint
from tests.host.drivers.bench import Bench
from tests.host.drivers.records import record_of
from tests.host.drivers.test_media_classic import personalise
from tests.host.drivers.test_tears import Attempt, points

UID = bytes.fromhex("01020304")
STORE_BYTES = layout.STORE_BYTES
FIRST = mailbox.encode(mailbox.UP, 1, bytes(range(60)))
SECOND = mailbox.encode(mailbox.UP, 2, bytes(range(100, 190)))
FIRST_UNITS = len(FIRST) // mailbox.UNIT_BYTES


@pytest.fixture
def card(reader: Bench) -> ClassicCard:
    made = reader.put(ClassicCard(UID))
    assert reader.call("open") == "classic1k"
    return made


def content(reader: Bench) -> bytes:
    return bytes.fromhex(reader.call("store_read"))


def machines_on(card: ClassicCard) -> list[int]:
    """Whose messages are on the card, by its memory."""
    blocks = [bytes(card.blocks[layout.store_block(unit)]) for unit in range(STORE_BYTES // mailbox.UNIT_BYTES)]
    return [frame.machine_id for frame in mailbox.frames(b"".join(blocks))]


def test_from_blank_to_a_service_card_and_back(reader: Bench, card: ClassicCard) -> None:
    steps = reader.call("store_format")
    assert steps == list(range(1, len(steps) + 1))
    reader.call("open")
    record = records.ServiceRecord(STORE_BYTES).encode()
    kind, header, unfinished = reader.call("classify")
    assert (kind, bytes.fromhex(header)[: len(record)], unfinished) == ("service", record, False)
    assert content(reader) == bytes(STORE_BYTES)
    for sector in range(1, 16):
        trailer = bytes(card.blocks[layout.trailer_of(sector)])
        assert trailer == layout.trailer(records.SERVICE, sector, layout.SERVICE_KEY, layout.SERVICE_KEY)
    reader.call("erase", kind="service", write_key=layout.SERVICE_KEY.hex())
    reader.call("open")
    assert reader.call("classify") == ["blank", "", False]


def test_what_is_written_is_there(reader: Bench, card: ClassicCard) -> None:
    reader.call("store_format")
    reader.call("store_write", unit=0, data=FIRST.hex())
    reader.call("store_write", unit=FIRST_UNITS, data=SECOND.hex())
    reader.call("open")
    assert content(reader)[: len(FIRST + SECOND)] == FIRST + SECOND
    assert machines_on(card) == [1, 2]
    before = card.writes
    reader.call("store_write", unit=0, data=(FIRST + SECOND).hex())
    assert card.writes == before
    whole = bytes(range(256)) * 2 + bytes(160)
    reader.call("store_write", unit=0, data=whole.hex())
    assert content(reader) == whole


def test_formatting_again_empties_it(reader: Bench, card: ClassicCard) -> None:
    reader.call("store_format")
    reader.call("store_write", unit=3, data=SECOND.hex())
    reader.call("open")
    reader.call("store_format")
    assert machines_on(card) == []
    assert content(reader) == bytes(STORE_BYTES)


@pytest.mark.parametrize("kind", ["one_time", "batch", "white", "master"])
def test_no_other_card_becomes_one(reader: Bench, card: ClassicCard, kind: str) -> None:
    personalise(reader, kind)
    before = card.image()
    reader.call("open")
    assert reader.refused("store_format") in ("damaged", "wrong_card")
    assert card.image() == before
    reader.call("open")
    assert reader.refused("store_read") == "damaged"
    assert len(record_of(kind)) > 0


def test_a_sector_that_somebody_took(reader: Bench, card: ClassicCard) -> None:
    reader.call("store_format")
    card.blocks[layout.trailer_of(9)][:6] = b"stolen"
    card.blocks[layout.trailer_of(9)][10:] = b"stolen"
    reader.call("open")
    assert reader.refused("store_read") == "damaged"


def hurt(card: ClassicCard) -> bool:
    """Torn inside the write of a trailer: its sector is locked, or opens by chance at best."""
    known = [layout.factory_trailer()] + [
        layout.trailer(records.SERVICE, sector, layout.SERVICE_KEY, layout.SERVICE_KEY) for sector in (1, 2)
    ]
    trailers = range(7, 64, 4)
    return any(block in card.weak_blocks or bytes(card.blocks[block]) not in known for block in trailers)


def formatted(bench: Bench) -> bytes:
    made = Attempt(bench)
    assert made.run("store_format") == ""
    assert made.run("store_write", unit=0, data=FIRST.hex()) == ""
    return made.card.image()


def check_torn(
    bench: Bench,
    image: bytes | None,
    where: list[TearPoint],
    method: str,
    check: Callable[[ClassicCard], None],
    **params: Any,
) -> int:
    """Torn at each point, then the same call again."""
    for seed, point in enumerate(where):
        torn = Attempt(bench, image, seed)
        torn.run(method, point, **params)
        check(torn.card)
        reason = torn.run(method, **params)
        if hurt(torn.card):
            assert method == "store_format"
            assert reason in ("", "damaged")
            continue
        assert reason == "", (point, reason)
        check(torn.card)
        assert torn.classify() == ("service", False)
    return len(where)


def test_a_torn_message_hurts_no_other(reader: Bench) -> None:
    """At every frame of writing a second machine's report, and inside every write."""
    image = formatted(reader)
    params: dict[str, Any] = {"unit": FIRST_UNITS, "data": SECOND.hex()}
    where = points(reader, "store_write", image, **params)

    def check(card: ClassicCard) -> None:
        assert machines_on(card) in ([1], [1, 2])

    assert check_torn(reader, image, where, "store_write", check, **params) > 50


def test_torn_over_messages_that_are_done_with(reader: Bench) -> None:
    """The back office takes a report away and writes another one in its place."""
    image = formatted(reader)
    params: dict[str, Any] = {"unit": 0, "data": (SECOND + bytes(STORE_BYTES - len(SECOND))).hex()}
    where = points(reader, "store_write", image, samples=40, **params)

    def check(card: ClassicCard) -> None:
        assert machines_on(card) in ([1], [], [2])

    check_torn(reader, image, where, "store_write", check, **params)


def test_making_one_torn(reader: Bench) -> None:
    where = points(reader, "store_format", None, samples=20)
    check_torn(reader, None, where, "store_format", lambda card: None)
