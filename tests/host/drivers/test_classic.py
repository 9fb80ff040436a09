"""MIFARE Classic through the driver: keys, refusals, and the card after either."""

import pytest

from emulator.cards.classic import ClassicCard
from tests.host.drivers.bench import FACTORY_KEY, KEY_A, KEY_B, Bench

UID = bytes.fromhex("04a1b2c3d4e5f6")


@pytest.fixture
def card(reader: Bench) -> ClassicCard:
    made = reader.put(ClassicCard(UID))
    reader.call("select")
    return made


def test_write_and_read(reader: Bench, card: ClassicCard) -> None:
    reader.call("authenticate", block=8, key=FACTORY_KEY, key_type=KEY_A)
    reader.call("write", block=9, data=bytes(range(16)).hex())
    assert reader.call("read", block=9)[0] == bytes(range(16)).hex()
    assert bytes(card.blocks[9]) == bytes(range(16))
    assert card.writes == 1


def test_a_wrong_key_is_no_lost_card(reader: Bench, card: ClassicCard) -> None:
    assert reader.refused("authenticate", block=8, key="000000000000", key_type=KEY_A) == "WrongKey"
    reader.call("authenticate", block=8, key=FACTORY_KEY, key_type=KEY_A)  # and the card is ready for the next try
    assert reader.call("read", block=8)[0] == "00" * 16


def test_a_lost_card_is_no_wrong_key(reader: Bench, card: ClassicCard) -> None:
    reader.take(card)
    assert reader.refused("authenticate", block=8, key=FACTORY_KEY, key_type=KEY_A) == "CardGone"


def test_a_wrong_key_inside_an_open_sector(reader: Bench, card: ClassicCard) -> None:
    """Nested: the chip's Crypto1 bit is still set from before, which proves nothing."""
    reader.call("authenticate", block=8, key=FACTORY_KEY, key_type=KEY_A)
    assert reader.refused("authenticate", block=12, key="000000000000", key_type=KEY_A) == "WrongKey"
    reader.call("authenticate", block=12, key=FACTORY_KEY, key_type=KEY_A)
    assert reader.call("read", block=12)[0] == "00" * 16


@pytest.mark.parametrize("flags", [0x02, 0x04, 0x08, 0x06])
def test_error_flags_of_an_authentication_that_worked_do_not_matter(
    reader: Bench, card: ClassicCard, flags: int
) -> None:
    """The chip's own word for success is MFCrypto1On (10.3.1.9)."""
    reader.board.reader.authentication_flags = flags
    for block in (8, 12):
        reader.call("authenticate", block=block, key=FACTORY_KEY, key_type=KEY_A)
        data, _transactions, retries = reader.call("read", block=block)
        assert (data, retries) == ("00" * 16, 0)


def test_access_bits_refuse(reader: Bench, card: ClassicCard) -> None:
    card.blocks[11][:] = bytes.fromhex("ffffffffffff78778800ffffffffffff")  # key A reads, key B writes
    reader.call("authenticate", block=8, key=FACTORY_KEY, key_type=KEY_A)
    assert reader.refused("write", block=8, data="11" * 16) == "CardRefused"
    reader.call("authenticate", block=8, key=FACTORY_KEY, key_type=KEY_A)
    assert reader.call("read", block=8)[0] == "00" * 16
    reader.call("authenticate", block=8, key=FACTORY_KEY, key_type=KEY_B)
    reader.call("write", block=8, data="11" * 16)
    assert bytes(card.blocks[8]) == b"\x11" * 16


@pytest.mark.parametrize("stored", [True, False])
def test_a_block_of_another_sector_is_refused(reader: Bench, card: ClassicCard, stored: bool) -> None:
    """Whether or not a chip that checks the CRC itself would keep a four-bit answer."""
    reader.board.reader.stores_short_answers = stored
    reader.call("authenticate", block=8, key=FACTORY_KEY, key_type=KEY_A)
    assert reader.refused("read", block=4) == "CardRefused"


def test_nothing_is_read_before_a_sector_is_open(reader: Bench, card: ClassicCard) -> None:
    assert reader.refused("read", block=4) == "CardRefused"


def test_a_card_that_leaves_amid_reading(reader: Bench, card: ClassicCard) -> None:
    reader.call("authenticate", block=8, key=FACTORY_KEY, key_type=KEY_A)
    reader.take(card)
    assert reader.refused("read", block=8) == "CardGone"
    reader.put(card)
    reader.call("select")
    reader.call("authenticate", block=8, key=FACTORY_KEY, key_type=KEY_A)
    assert reader.call("read", block=8)[0] == "00" * 16
