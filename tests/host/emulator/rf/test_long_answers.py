"""Answers longer than the FIFO, and noise too short to be one: a card of a kind that is still to come."""

from __future__ import annotations

import pytest

from emulator.cards.iso14443a import TypeACard, with_crc
from emulator.mfrc522 import registers as reg
from emulator.rf import Frame, Reply
from tests.host.emulator.rf.bench import Bench

UID = bytes.fromhex("2a698d43")
LONG = bytes(range(200))


class Talker(TypeACard):
    """Once selected, answers everything with the same frame."""

    def __init__(self, answer: Frame) -> None:
        super().__init__(UID, b"\x04\x00", 0x20)
        self.answer = answer

    def _active(self, frame: Frame) -> Reply | None:
        return Reply(self.answer)


def ask(bench: Bench, answer: Frame, rx_mode: int = reg.CRC_ENABLE) -> None:
    bench.field.enter(Talker(answer))
    bench.field_on()
    bench.select()
    bench.write(reg.TX_MODE, reg.CRC_ENABLE)
    bench.write(reg.RX_MODE, rx_mode)
    bench.write(reg.COMMAND, reg.IDLE)
    bench.write(reg.COM_IRQ, 0x7F)
    bench.write(reg.BIT_FRAMING, 0)
    bench.write(reg.FIFO_DATA, 0xC0, 0x01)
    bench.write(reg.COMMAND, reg.TRANSCEIVE)
    bench.write(reg.BIT_FRAMING, reg.START_SEND)


def test_a_long_answer_is_drained_at_the_water_level(bench: Bench) -> None:
    ask(bench, Frame(with_crc(LONG)))
    heard = b""
    while not bench.read(reg.COM_IRQ) & (reg.RX_IRQ | reg.TIMER_IRQ):
        if bench.read(reg.STATUS1) & reg.HI_ALERT:
            heard += bench.read_fifo()
    heard += bench.read_fifo()
    assert heard == LONG
    assert bench.read(reg.ERROR) == 0


def test_a_long_answer_that_nobody_drains_overflows(bench: Bench) -> None:
    ask(bench, Frame(with_crc(LONG)))
    assert bench.wait(reg.RX_IRQ) & reg.ERR_IRQ
    assert bench.read(reg.ERROR) == reg.BUFFER_OVERFLOW
    assert bench.read_fifo() == LONG[:64]


def test_the_fifo_fills_as_fast_as_the_air(bench: Bench) -> None:
    ask(bench, Frame(with_crc(LONG[:16])))
    levels = []
    while not bench.read(reg.COM_IRQ) & reg.RX_IRQ:
        levels.append(bench.read(reg.FIFO_LEVEL))
    assert levels == sorted(levels)
    assert len(set(levels)) > 8


@pytest.mark.parametrize(("rx_mode", "heard"), [(0, True), (reg.RX_NO_ERROR, False)])
def test_noise_of_a_few_bits(bench: Bench, rx_mode: int, heard: bool) -> None:
    ask(bench, Frame(b"\x05", 3), rx_mode)
    assert bool(bench.wait(reg.RX_IRQ | reg.TIMER_IRQ) & reg.RX_IRQ) == heard


def test_a_wrong_parity_bit(bench: Bench) -> None:
    ask(bench, Frame(b"\x01\x02", parity=0b01), 0)
    bench.wait(reg.RX_IRQ)
    assert bench.read(reg.ERROR) == reg.PARITY_ERROR


def test_a_wrong_crc(bench: Bench) -> None:
    ask(bench, Frame(b"\x01\x02\x03\x04"))
    bench.wait(reg.RX_IRQ)
    assert bench.read(reg.ERROR) == reg.CRC_ERROR
