"""Which settings of transmitter and receiver let a card and the chip hear each other (data sheet 9.3.2)."""

from __future__ import annotations

import pytest

from emulator.cards.classic import ClassicCard
from emulator.mfrc522 import registers as reg
from tests.host.emulator.rf.bench import Bench

BIT_US = 9.44
DELAY_US = 91  # from the last bit of a REQA to the answer


@pytest.fixture
def reader(bench: Bench) -> Bench:
    bench.field.enter(ClassicCard(bytes.fromhex("2a698d43")))
    bench.field_on()
    return bench


@pytest.mark.parametrize(("bits", "heard"), [(0, True), (4, True), (9, True), (10, False), (63, False)])
def test_an_answer_that_begins_within_the_guard_time_is_not_heard(reader: Bench, bits: int, heard: bool) -> None:
    assert (bits * BIT_US <= DELAY_US) == heard, "the data sheet's bit clocks, not the emulator's"
    reader.write(reg.RX_SEL, reg.UART_ANTENNA | bits)
    assert bool(reader.request()) == heard
    assert any(entry.direction == "card" for entry in reader.field.frames), "the card did answer"


def test_authentication_waits_too(reader: Bench) -> None:
    uid = reader.select()
    reader.write(reg.RX_SEL, reg.UART_ANTENNA | 63)
    assert not reader.authenticate(8, b"\xff" * 6, uid)
    reader.write(reg.RX_SEL, reg.UART_ANTENNA | 4)
    uid = reader.select()
    assert reader.authenticate(8, b"\xff" * 6, uid)


def test_receive_alone_does_not_wait(reader: Bench) -> None:
    reader.write(reg.RX_SEL, reg.UART_ANTENNA | 63)
    reader.write(reg.BIT_FRAMING, 7)
    reader.write(reg.FIFO_DATA, 0x26)
    reader.write(reg.COMMAND, reg.TRANSMIT)
    reader.clock.advance(100)
    reader.write(reg.COMMAND, reg.RECEIVE)
    reader.wait(reg.RX_IRQ)
    assert reader.read_fifo() == b"\x04\x00"


def test_the_guard_time_shows_in_the_modems_state(reader: Bench) -> None:
    reader.write(reg.RX_SEL, reg.UART_ANTENNA | 63)
    reader.write(reg.BIT_FRAMING, 7)
    reader.write(reg.FIFO_DATA, 0x26)
    reader.write(reg.COMMAND, reg.TRANSCEIVE)
    reader.write(reg.BIT_FRAMING, reg.START_SEND | 7)
    states = [reader.read(reg.STATUS2) & 7 for _ in range(60)]
    assert list(dict.fromkeys(states)) == [3, 4, 5], "Transmitting, RxWait, Prepare"
    assert abs(states.count(4) * 28 - 63 * BIT_US) <= 28


@pytest.mark.parametrize(
    ("register", "deaf", "right"),
    [
        (reg.RX_SEL, 0x04, 0x84),  # the receiver listens to nothing
        (reg.RX_SEL, 0x44, 0x84),  # ... to the MFIN pin
        (reg.RX_SEL, 0xC4, 0x84),
        (reg.RX_MODE, 0x10, 0x00),  # 212 kbit/s
        (reg.TX_MODE, 0x10, 0x00),
        (reg.TX_SEL, 0x00, 0x10),  # the drivers are in three-state
        (reg.TX_SEL, 0x20, 0x10),  # ... modulated by the MFIN pin
        (reg.TX_SEL, 0x30, 0x10),
        (reg.TX_ASK, 0x00, 0x40),  # shallow modulation
    ],
)
def test_one_wrong_field_and_nobody_is_there(reader: Bench, register: int, deaf: int, right: int) -> None:
    def asked() -> int:
        reader.write(reg.COMMAND, reg.IDLE)
        reader.write(reg.COM_IRQ, 0x7F)
        reader.write(reg.FIFO_LEVEL, reg.FLUSH_BUFFER)
        reader.write(reg.BIT_FRAMING, 7)
        reader.write(reg.FIFO_DATA, 0x52)
        reader.write(reg.COMMAND, reg.TRANSCEIVE)
        reader.write(reg.BIT_FRAMING, reg.START_SEND | 7)
        return reader.wait(reg.RX_IRQ | reg.TIMER_IRQ) & reg.RX_IRQ

    reader.write(register, deaf)
    assert not asked()
    reader.write(register, right)
    assert asked() or asked(), "the first may only have sent it back to sleep"
