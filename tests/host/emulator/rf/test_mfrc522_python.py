"""A second driver that nobody here wrote, unmodified, on our chip: mfrc522-python (GPL-3.0), for a Raspberry Pi.

pi-rc522 counts its own register reads; this one waits for the chip's timer and sleeps between its looks, takes an
answer's length out of FIFOLevel and RxLastBits, and lets the CRC unit compute every CRC. It never puts a card to sleep
when it is done with it, so every second look finds nothing, as its users know: a selected card that is asked for anew
goes back to IDLE without a word (ISO/IEC 14443-3 6.3).

Its package has the name of our own driver, so it is loaded under another one.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from emulator.cards.classic import ClassicCard
from emulator.mfrc522 import registers as reg
from tests.host.emulator.rf.bench import Bench
from tests.host.emulator.rf.raspberry import UID, stand_ins

NUMBER = int.from_bytes(UID + bytes([0x2A ^ 0x69 ^ 0x8D ^ 0x43]), "big")
PACKAGE = "mfrc522_python"
TEXT = "paid for one exam"


@pytest.fixture
def package(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The driver, whose sleep moves the bench's clock."""
    for name, made in stand_ins(bench).items():
        monkeypatch.setitem(sys.modules, name, made)
    folder = importlib.metadata.distribution("mfrc522-python").locate_file("mfrc522")
    spec = importlib.util.spec_from_file_location(
        PACKAGE, f"{folder}/__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec
    assert spec.loader
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    for name in [name for name in sys.modules if name.startswith(f"{PACKAGE}.")]:
        monkeypatch.setattr(sys.modules[name], "sleep", lambda s: bench.clock.advance(round(s * 1_000_000)))
    yield package
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]
    logging.getLogger("mfrc522Logger").handlers.clear()


@pytest.fixture
def driver(bench: Bench, package: Any) -> Any:
    driver = package.MFRC522()
    bench.clock.advance(5_000)
    return driver


def select(driver: Any) -> list[int]:
    assert driver.Request(driver.PICC_REQIDL) == (driver.MI_OK, 16)
    status, uid = driver.Anticoll()
    assert status == driver.MI_OK
    assert driver.SelectTag(uid) == 0x08
    return list(uid)


def test_it_sets_the_chip_up(bench: Bench, driver: Any) -> None:
    written = (reg.T_MODE, reg.T_PRESCALER, reg.T_RELOAD_H, reg.T_RELOAD_L, reg.TX_ASK, reg.MODE, reg.TX_CONTROL)
    assert [bench.read(register) for register in written] == [0x8D, 0x3E, 0, 30, 0x40, 0x3D, 0x83]


def test_the_timer_tells_it_that_nobody_is_there(bench: Bench, driver: Any) -> None:
    began_us = bench.clock.now_us
    assert driver.Request(driver.PICC_REQIDL)[0] == driver.MI_ERR
    waited_us = bench.clock.now_us - began_us
    assert 15_500 <= waited_us <= 20_000, "31 ticks of 13.56 MHz / (2 x 3390 + 1), and its own looks"


def test_it_reads_a_uid(driver: Any, card: ClassicCard) -> None:
    assert bytes(select(driver)[:4]) == UID


def test_it_authenticates_writes_and_reads_back(driver: Any, card: ClassicCard) -> None:
    uid = select(driver)
    assert driver.Authenticate(driver.PICC_AUTHENT1A, 9, [0xFF] * 6, uid) == driver.MI_OK
    driver.WriteTag(9, list(range(16)))
    assert card.blocks[9] == bytes(range(16))
    assert driver.ReadTag(9) == list(range(16))
    driver.StopCrypto1()


def test_a_wrong_key_leaves_it_without_a_cipher(
    bench: Bench, driver: Any, card: ClassicCard, caplog: pytest.LogCaptureFixture
) -> None:
    uid = select(driver)
    driver.Authenticate(driver.PICC_AUTHENT1A, 9, [0] * 6, uid)
    assert "AUTH ERROR(status2reg & 0x08) != 0" in caplog.messages
    assert not bench.read(reg.STATUS2) & reg.CRYPTO1_ON


def test_two_cards_are_an_error_to_it(bench: Bench, driver: Any, card: ClassicCard) -> None:
    bench.field.enter(ClassicCard(bytes.fromhex("2a698d42")))
    bench.clock.advance(5_000)
    assert driver.Request(driver.PICC_REQIDL) == (driver.MI_OK, 16)
    assert driver.Anticoll()[0] == driver.MI_ERR


def test_every_second_look_finds_nothing(package: Any, bench: Bench) -> None:
    reader = package.BasicMFRC522()
    bench.field.enter(ClassicCard(UID))
    bench.clock.advance(5_000)
    assert [reader.read_no_block(11)[0] for _ in range(4)] == [NUMBER, None, NUMBER, None]


def test_its_text_interface_keeps_a_sectors_text(package: Any, bench: Bench) -> None:
    reader = package.SimpleMFRC522()
    card = ClassicCard(UID)
    bench.field.enter(card)
    bench.clock.advance(5_000)
    assert reader.write(TEXT) == (NUMBER, TEXT)
    assert b"".join(card.blocks[8:11]) == TEXT.encode().ljust(48)
    assert reader.read() == (NUMBER, TEXT.ljust(48))


def test_a_card_that_was_put_to_sleep_needs_the_other_request(driver: Any, card: ClassicCard) -> None:
    select(driver)
    driver.Halt()
    assert driver.Request(driver.PICC_REQIDL)[0] == driver.MI_ERR
    assert driver.Request(driver.PICC_REQALL) == (driver.MI_OK, 16)


def test_a_genuine_card_has_no_back_door(driver: Any, card: ClassicCard, caplog: pytest.LogCaptureFixture) -> None:
    select(driver)
    assert not driver.MIFARE_OpenUidBackdoor()
    assert "MIFARE_OpenUidBackdoor: magic command 1 (0x40) failed." in caplog.messages
