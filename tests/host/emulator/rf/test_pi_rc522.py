"""Somebody else's driver, unmodified, on our chip: pi-rc522 (MIT), written for a Raspberry Pi's SPI.

It waits by counting its own register reads, so a transfer costs the clock what it costs on a Pi.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.cards.classic import ClassicCard
from emulator.cards.iso14443a import State, crc_a
from emulator.mfrc522 import registers as reg
from tests.host.emulator.rf.bench import Bench
from tests.host.emulator.rf.raspberry import UID, stand_ins

KEY = [0xFF] * 6
DRIVER = ("pirc522", "pirc522.rfid", "pirc522.util")

# It inverts truth values with "~", which newer Pythons warn about.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def driver(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The driver's RFID object, freshly initialised on the bench's chip, in a field that has come up."""

    for name, made in stand_ins(bench).items():
        monkeypatch.setitem(sys.modules, name, made)
    for name in DRIVER:
        monkeypatch.delitem(sys.modules, name, raising=False)
    rfid = importlib.import_module("pirc522").RFID()
    bench.clock.advance(5_000)
    yield rfid
    for name in DRIVER:
        sys.modules.pop(name, None)


def choose(driver: Any) -> list[int]:
    assert driver.request() == (False, 0x10)
    error, uid = driver.anticoll()
    assert not error
    assert not driver.select_tag(uid)
    return list(uid)


def test_it_initialises_the_chip(bench: Bench, driver: Any) -> None:
    assert bench.read(reg.TX_ASK) == 0x40
    assert bench.read(reg.MODE) == 0x3D
    assert bench.field.on


def test_it_finds_nothing_in_an_empty_field(driver: Any) -> None:
    assert driver.request() == (True, None)


def test_it_reads_the_uid(driver: Any, card: ClassicCard) -> None:
    assert bytes(choose(driver)[:4]) == UID


def test_it_reads_a_seven_byte_uid(bench: Bench, driver: Any) -> None:
    bench.field.enter(ClassicCard(bytes.fromhex("04112233445566")))
    bench.clock.advance(5_000)
    assert bytes(driver.read_id()).hex() == "04112233445566"


def test_it_authenticates_writes_and_reads_back(driver: Any, card: ClassicCard) -> None:
    uid = choose(driver)
    assert not driver.card_auth(driver.auth_a, 9, KEY, uid)
    assert not driver.write(9, list(range(16)))
    error, data = driver.read(9)
    assert not error
    assert data == list(range(16))
    assert card.blocks[9] == bytes(range(16))
    driver.stop_crypto()


def test_it_walks_through_every_sector(driver: Any, card: ClassicCard) -> None:
    uid = choose(driver)
    for sector in range(16):
        assert not driver.card_auth(driver.auth_a, sector * 4 + 3, KEY, uid)
        for block in range(sector * 4, sector * 4 + 4):
            error, data = driver.read(block)
            assert not error
            hidden = 6 if block % 4 == 3 else 0  # key A
            assert bytes(data) == bytes(hidden) + bytes(card.blocks[block][hidden:])


def test_its_utility_changes_a_trailer(bench: Bench, driver: Any, card: ClassicCard) -> None:
    driver.request()
    util = driver.util()
    assert not util.set_tag(driver.anticoll()[1]), "this selects the card"
    util.auth(driver.auth_a, KEY)
    assert not util.write_trailer(2, (0x11,) * 6, (0xFF, 0x07, 0x80), 105, (0x22,) * 6)
    driver.stop_crypto()
    assert card.blocks[11] == b"\x11" * 6 + b"\xff\x07\x80\x69" + b"\x22" * 6


def test_a_wrong_key_is_an_error_to_it(driver: Any, card: ClassicCard) -> None:
    uid = choose(driver)
    assert driver.card_auth(driver.auth_a, 9, [0] * 6, uid)


def test_two_cards_are_an_error_to_it(bench: Bench, driver: Any, card: ClassicCard) -> None:
    bench.field.enter(ClassicCard(bytes.fromhex("2a698d42")))
    bench.clock.advance(5_000)
    driver.request()
    assert driver.anticoll()[0]


def test_its_halt_forgets_the_crc_so_the_card_only_goes_back_to_sleep(driver: Any, card: ClassicCard) -> None:
    choose(driver)
    driver.halt()
    assert card.state is State.IDLE
    assert driver.request() == (False, 0x10)


@pytest.mark.parametrize("data", [b"", b"\x00", bytes(range(16)), b"\xff" * 40])
def test_its_crc_is_ours(driver: Any, data: bytes) -> None:
    assert bytes(driver.calculate_crc(list(data))) == crc_a(data)
