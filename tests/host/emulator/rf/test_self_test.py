"""The digital self-test step by step as the data sheet's 16.1.1 has it, and what public drivers met on real chips.

The reference bytes are typed here as the data sheet prints them, eight a line: they are not the emulator's to choose.
"""

from __future__ import annotations

import pytest

from emulator.cards.classic import ClassicCard
from emulator.mfrc522 import registers as reg
from tests.host.emulator.rf.bench import Bench

PRINTED = {
    0x91: """00 C6 37 D5 32 B7 57 5C
             C2 D8 7C 4D D9 70 C7 73
             10 E6 D2 AA 5E A1 3E 5A
             14 AF 30 61 C9 70 DB 2E
             64 22 72 B5 BD 65 F4 EC
             22 BC D3 72 35 CD AA 41
             1F A7 F3 53 14 DE 7E 02
             D9 0F B5 5E 25 1D 29 79""",
    0x92: """00 EB 66 BA 57 BF 23 95
             D0 E3 0D 3D 27 89 5C DE
             9D 3B A7 00 21 5B 89 82
             51 3A EB 02 0C A5 00 49
             7C 84 4D B3 CC D2 1B 81
             5D 48 76 D5 71 61 21 A9
             86 96 83 38 CF 9D 5B 6D
             DC 15 BA 3E 7D 95 3B 2F""",
}
POLLS = 255  # as many looks at the FIFO's level as public drivers take


def start(bench: Bench, buffer: bytes = bytes(25), fifo: bytes = b"\0", enable: int = reg.SELF_TEST) -> None:
    bench.write(reg.COMMAND, reg.SOFT_RESET)
    bench.clock.advance(1_000)
    bench.write(reg.FIFO_LEVEL, reg.FLUSH_BUFFER)
    bench.write(reg.FIFO_DATA, *buffer)
    bench.write(reg.COMMAND, reg.MEM)
    bench.write(reg.AUTO_TEST, enable)
    bench.write(reg.FIFO_DATA, *fifo)
    bench.write(reg.COMMAND, reg.CALC_CRC)


def result(bench: Bench) -> bytes:
    for _ in range(POLLS):
        if bench.read(reg.FIFO_LEVEL) == 64:
            break
    bench.write(reg.COMMAND, reg.IDLE)
    return bench.read_fifo()


@pytest.mark.parametrize("version", sorted(PRINTED))
def test_a_chip_computes_what_the_data_sheet_prints(make_bench: type[Bench], version: int) -> None:
    bench = make_bench(version)
    start(bench)
    assert bench.read(reg.FIFO_LEVEL) < 64, "it takes its time"
    assert result(bench) == bytes.fromhex(PRINTED[version])


@pytest.mark.parametrize("version", sorted({0x12, 0x89, 0xB2}))
def test_a_look_alike_without_a_reference_fails_and_works(make_bench: type[Bench], version: int) -> None:
    bench = make_bench(version)
    start(bench)
    computed = result(bench)
    assert len(computed) == 64
    assert computed not in [bytes.fromhex(printed) for printed in PRINTED.values()]
    bench.write(reg.AUTO_TEST, 0)
    bench.field.enter(ClassicCard(bytes.fromhex("2a698d43")))
    bench.field_on()
    assert bench.request()


@pytest.mark.parametrize(
    ("buffer", "fifo"), [(bytes(24) + b"\1", b"\0"), (bytes(25), b"\1"), (bytes(25), b"\0\0"), (bytes(25), b"")]
)
def test_a_step_done_wrongly_shows(bench: Bench, buffer: bytes, fifo: bytes) -> None:
    start(bench, buffer, fifo)
    assert result(bench) not in (b"", bytes.fromhex(PRINTED[0x92]))


def test_the_end_is_the_fifos_to_tell_not_the_crc_units(bench: Bench) -> None:
    start(bench)
    bench.write(reg.DIV_IRQ, 0x7F)
    bench.clock.advance(10_000)
    assert bench.read(reg.FIFO_LEVEL) == 64
    assert not bench.read(reg.DIV_IRQ) & reg.CRC_IRQ
    assert bench.read(reg.COMMAND) & 0x0F == reg.CALC_CRC, "it goes on until another command"


def test_another_value_starts_no_test(bench: Bench) -> None:
    start(bench, enable=0x0A)
    bench.clock.advance(10_000)
    assert bench.read(reg.FIFO_LEVEL) == 0
    assert bench.read(reg.DIV_IRQ) & reg.CRC_IRQ


def test_another_command_or_a_reset_breaks_it_off(bench: Bench) -> None:
    for command in (reg.IDLE, reg.SOFT_RESET):
        start(bench)
        bench.write(reg.COMMAND, command)
        bench.clock.advance(10_000)
        assert bench.read(reg.FIFO_LEVEL) == 0


def test_while_it_is_enabled_no_card_is_heard(bench: Bench) -> None:
    bench.field.enter(ClassicCard(bytes.fromhex("2a698d43")))
    bench.field_on()
    assert bench.request()
    bench.write(reg.AUTO_TEST, reg.SELF_TEST)
    assert not bench.request(0x52)
    bench.write(reg.AUTO_TEST, 0)
    assert bench.request(0x52)


def test_after_it_the_reader_has_to_be_set_up_anew(bench: Bench) -> None:
    """The soft reset that comes first took the field: a driver that forgets this finds no card any more."""
    bench.field.enter(ClassicCard(bytes.fromhex("2a698d43")))
    bench.field_on()
    start(bench)
    assert result(bench)
    bench.write(reg.AUTO_TEST, 0)
    assert not bench.field.on
    bench.field_on()
    assert bench.request(0x52)
