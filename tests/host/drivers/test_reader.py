"""The MFRC522 driver: whose silicon it takes, how much it says on the bus, and every way in which a reader dies."""

import re
from pathlib import Path

import pytest

from emulator.cards.classic import ClassicCard
from emulator.errors import HostError
from tests.host.drivers.bench import FACTORY_KEY, KEY_A, WUPA, Bench

UID = bytes.fromhex("01020304")
REGISTERS_PY = Path(__file__).parents[3] / "firmware/lib/mfrc522/registers.py"
REGISTER = re.compile(r"^(\w+) = const\((0x\w+)\)  # 9\.3\.", re.MULTILINE)
STUCK_UNSEEN = {("STATUS_2", 3, "low"), ("CONTROL", 2, "low")}  # only a card in the field shows these


def works(bench: Bench) -> bool:
    """A card can be selected, opened, written and read."""
    try:
        bench.call("select", wake=WUPA)
        bench.call("authenticate", block=4, key=FACTORY_KEY, key_type=KEY_A)
        bench.call("write", block=5, data="5a" * 16)
        return bool(bench.call("read", block=5)[0] == "5a" * 16)
    except HostError:
        return False


@pytest.mark.parametrize("version", [0x90, 0x91, 0x92, 0x12, 0x88, 0x89, 0xB2])
def test_every_known_silicon_is_accepted_and_reported(bench: Bench, version: int) -> None:
    bench.board.reader.version = version
    assert bench.call("init") == version
    bench.put(ClassicCard(UID))
    assert works(bench)


@pytest.mark.parametrize("wake_us", [1_038, 20_000, 90_000])
def test_a_quartz_that_takes_its_time(bench: Bench, wake_us: int) -> None:
    """Until it runs the bus shows zeros, in which PowerDown looks as if it were over."""
    bench.board.reader.hard_wake_us = wake_us
    bench.call("init")
    bench.put(ClassicCard(UID))
    assert works(bench)


@pytest.mark.parametrize("kind", ["high", "low"])
def test_what_reserved_bits_read_does_not_matter(bench: Bench, kind: str) -> None:
    for register, reserved in {0x11: 0x54, 0x12: 0x07, 0x13: 0x03, 0x15: 0xBF, 0x26: 0x8F}.items():
        bench.board.reader.faults.stick(register, **{kind: reserved})
    bench.call("init")
    assert bench.call("health")[:2] == [True, 0]
    bench.put(ClassicCard(UID))
    assert works(bench)


def test_a_read_is_lean(reader: Bench) -> None:
    """Eight accesses and the polls; the popular MicroPython driver needs 43 and two for each poll."""
    reader.put(ClassicCard(UID))
    reader.call("select")
    reader.call("authenticate", block=4, key=FACTORY_KEY, key_type=KEY_A)
    reader.call("read", block=4)
    _, transactions, _ = reader.call("read", block=5)
    assert transactions <= 12


def test_a_health_check_is_cheap_and_quiet(reader: Bench) -> None:
    """About 1 ms of bus time, and a card that lies there is not disturbed."""
    reader.put(ClassicCard(UID))
    healthy, reinits, transactions = reader.call("health")
    assert (healthy, reinits) == (True, 0)
    assert transactions <= 60
    assert works(reader)
    assert reader.call("health")[:2] == [True, 0]
    assert works(reader)


@pytest.mark.parametrize("reads", [0x00, 0xFF])
def test_no_chip_at_all(bench: Bench, reads: int) -> None:
    bench.board.reader.faults.bus_reads = reads
    assert bench.refused("init") == "ReaderLost"
    assert bench.call("health")[0] is False
    bench.board.reader.faults.clear()
    assert bench.call("health")[0] is True


@pytest.mark.parametrize("reads", [0x00, 0xFF])
def test_a_dead_reader_is_noticed_reset_and_counted(reader: Bench, reads: int) -> None:
    reader.put(ClassicCard(UID))
    reader.board.reader.die(reads)
    assert reader.refused("select") in ("ReaderLost", "CardGone")
    assert reader.call("health")[:2] == [True, 1]
    reader.world.run_for(6)
    assert works(reader)


def test_a_supply_dip_is_noticed_though_the_chip_answers(reader: Bench) -> None:
    reader.put(ClassicCard(UID))
    reader.board.reader.supply_dip()
    assert reader.refused("select") in ("ReaderLost", "CardGone")
    assert reader.call("health")[:2] == [True, 1]
    reader.world.run_for(6)
    assert works(reader)


def test_a_dip_amid_an_operation_ends_in_an_error_of_ours(reader: Bench) -> None:
    reader.put(ClassicCard(UID))
    reader.call("select")
    reader.call("authenticate", block=4, key=FACTORY_KEY, key_type=KEY_A)
    reader.board.reader.supply_dip()
    assert reader.refused("read", block=4) in ("ReaderLost", "CardGone")
    assert reader.call("health")[:2] == [True, 1]


def test_heat_switches_the_field_off_until_it_has_cooled_down(reader: Bench) -> None:
    reader.put(ClassicCard(UID))
    reader.board.reader.overheat()
    reader.call("health")
    assert reader.refused("select") in ("ReaderLost", "CardGone")
    reader.board.reader.overheat(hot=False)
    assert reader.call("health")[0] is True
    reader.world.run_for(6)
    assert works(reader)


def test_every_stuck_bit_is_noticed_or_does_not_matter(reader: Bench) -> None:
    """Of every register that the driver reads: the health check fails, or cards are read and written as ever."""
    unseen = set()
    card = ClassicCard(UID)
    registers = {name: int(address, 16) for name, address in REGISTER.findall(REGISTERS_PY.read_text())}
    assert len(registers) > 20
    for name, register in registers.items():
        for bit in range(8):
            for kind in ("high", "low"):
                reader.put(card)
                reader.board.reader.faults.stick(register, **{kind: 1 << bit})
                if reader.call("alive") and not works(reader):
                    unseen.add((name, bit, kind))
                reader.board.reader.faults.clear()
                assert reader.call("health")[0] is True
                reader.take(card)
    assert unseen == STUCK_UNSEEN
