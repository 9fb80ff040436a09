"""MFAuthent: how it ends, and what it leaves behind (data sheet 10.3.1.9)."""

from __future__ import annotations

import pytest

from emulator.cards.classic import ClassicCard
from emulator.mfrc522 import registers as reg
from emulator.rf import Frame, Reply
from tests.host.emulator.rf.bench import Bench

UID = bytes.fromhex("2a698d43")
KEY = b"\xff" * 6


@pytest.fixture
def card(bench: Bench) -> ClassicCard:
    card = ClassicCard(UID)
    bench.field.enter(card)
    bench.field_on()
    bench.select()
    return card


def test_success_ends_with_idle_irq_only(bench: Bench, card: ClassicCard) -> None:
    assert bench.authenticate(4, KEY, UID)
    assert bench.read(reg.COM_IRQ) & 0x7B == reg.IDLE_IRQ
    assert bench.read(reg.COMMAND) & 0x0F == reg.IDLE
    assert bench.read(reg.ERROR) == 0
    assert [entry.bits for entry in bench.field.frames[-4:]] == [32, 32, 64, 32]


def test_the_wrong_key_gets_silence(bench: Bench, card: ClassicCard) -> None:
    assert not bench.authenticate(4, bytes(6), UID)
    irq = bench.read(reg.COM_IRQ)
    assert irq & reg.TIMER_IRQ
    assert not irq & (reg.IDLE_IRQ | reg.RX_IRQ | reg.TX_IRQ)
    assert bench.read(reg.COMMAND) & 0x0F == reg.MF_AUTHENT, "it waits until it is told otherwise"
    assert bench.request(0x26) == b"\x04\x00", "the card fell back to IDLE"


def test_no_card(bench: Bench, card: ClassicCard) -> None:
    bench.field.leave(card)
    assert not bench.authenticate(4, KEY, UID)
    assert bench.read(reg.COM_IRQ) & 0x7B == reg.TIMER_IRQ


@pytest.mark.parametrize("uid", ["04112233445566", "04112233445566778899"])
def test_long_uids_give_their_last_four_bytes(bench: Bench, uid: str) -> None:
    bench.field.enter(ClassicCard(bytes.fromhex(uid)))
    bench.field_on()
    bench.select()
    assert not bench.authenticate(4, KEY, bytes.fromhex(uid)[:4])
    bench.select()
    assert bench.authenticate(4, KEY, bytes.fromhex(uid))


def test_both_keys(bench: Bench, card: ClassicCard) -> None:
    card.blocks[7][:6] = b"\x01\x02\x03\x04\x05\x06"
    card.blocks[7][10:] = b"\x11\x12\x13\x14\x15\x16"
    assert bench.authenticate(6, b"\x01\x02\x03\x04\x05\x06", UID)
    assert bench.authenticate(6, b"\x11\x12\x13\x14\x15\x16", UID, 0x61)


def test_nested_authentication_through_all_sectors(bench: Bench, card: ClassicCard) -> None:
    for sector in range(16):
        card.blocks[sector * 4 + 3][:6] = bytes([sector]) * 6
    for sector in range(16):
        assert bench.authenticate(sector * 4, bytes([sector]) * 6, UID)
        assert bench.read_block(sector * 4 + 1) == bytes(16)
    assert bench.read(reg.ERROR) == 0


def test_a_failed_nested_authentication_ends_the_session(bench: Bench, card: ClassicCard) -> None:
    """10.3.1.9: after an error the bit is 0; it means something only once the command has ended."""
    assert bench.authenticate(4, KEY, UID)
    bench.authenticate(8, bytes(6), UID)
    bench.write(reg.COMMAND, reg.IDLE)
    assert not bench.read(reg.STATUS2) & reg.CRYPTO1_ON
    assert bench.request(0x26) == b"\x04\x00"


def test_an_error_within_a_session_ends_it(bench: Bench, card: ClassicCard) -> None:
    assert bench.authenticate(4, KEY, UID)
    bench.authenticate(64, KEY, UID)
    assert bench.read(reg.ERROR) == reg.PROTOCOL_ERROR
    assert not bench.read(reg.STATUS2) & reg.CRYPTO1_ON


def test_a_refusal_instead_of_a_nonce_is_a_protocol_error(bench: Bench, card: ClassicCard) -> None:
    assert not bench.authenticate(64, KEY, UID)
    irq = bench.read(reg.COM_IRQ)
    assert irq & reg.IDLE_IRQ
    assert irq & reg.ERR_IRQ
    assert bench.read(reg.ERROR) == reg.PROTOCOL_ERROR


def test_a_wrong_proof_is_a_protocol_error(bench: Bench, card: ClassicCard, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = card.receive

    def lie(frame: Frame) -> Reply | None:
        reply = honest(frame)
        if frame.bits == 64 and reply is not None and reply.frame is not None:
            reply.frame.data = bytes([reply.frame.data[0] ^ 1]) + reply.frame.data[1:]
        return reply

    monkeypatch.setattr(card, "receive", lie)
    assert not bench.authenticate(4, KEY, UID)
    assert bench.read(reg.ERROR) == reg.PROTOCOL_ERROR
    assert bench.read(reg.COM_IRQ) & reg.IDLE_IRQ


def test_too_few_parameters_wait_for_ever(bench: Bench, card: ClassicCard) -> None:
    bench.write(reg.COM_IRQ, 0x7F)
    bench.write(reg.FIFO_DATA, 0x60, 4, *KEY)
    bench.write(reg.COMMAND, reg.MF_AUTHENT)
    bench.clock.advance(1_000_000)
    assert bench.read(reg.COM_IRQ) & 0x7B == 0
    bench.write(reg.FIFO_DATA, *UID)
    assert bench.read(reg.ERROR) == reg.WRITE_ERROR


def test_idle_cancels(bench: Bench, card: ClassicCard) -> None:
    bench.write(reg.COM_IRQ, 0x7F)
    bench.write(reg.FIFO_DATA, 0x60, 4, *KEY, *UID)
    bench.write(reg.COMMAND, reg.MF_AUTHENT)
    bench.write(reg.COMMAND, reg.IDLE)
    bench.clock.advance(1_000_000)
    assert not bench.read(reg.STATUS2) & reg.CRYPTO1_ON
