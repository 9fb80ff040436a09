"""Frames on the air: how long they take, who collides, who leaves in the middle."""

from __future__ import annotations

import pytest

from emulator.cards.classic import ClassicCard
from emulator.faults import Phase, TearPoint
from emulator.mfrc522 import registers as reg
from emulator.mfrc522.modem import TX_WAIT_RF
from emulator.rf import POWER_UP_US, Frame
from tests.host.emulator.rf.bench import Bench

UID = bytes.fromhex("2a698d43")
OTHER = bytes.fromhex("2a698d42")
KEY = b"\xff" * 6


def card_in(bench: Bench, uid: bytes = UID) -> ClassicCard:
    card = ClassicCard(uid)
    bench.field.enter(card)
    return card


@pytest.mark.parametrize(("size", "microseconds"), [(1, 113), (2, 198), (4, 368), (9, 793), (18, 1_558)])
def test_airtime_is_9n_plus_3_time_units(size: int, microseconds: int) -> None:
    assert Frame(bytes(size)).airtime_us == microseconds
    assert Frame(b"\x26", 7).airtime_us == 94


def test_frame_delay_depends_on_the_last_bit(bench: Bench) -> None:
    card_in(bench)
    bench.field_on()
    bench.request(0x26)
    request, answer = bench.field.frames
    assert answer.time_us - request.time_us - request.airtime_us == 86, "0x26 ends in 0"
    bench.request(0x52)
    bench.request(0x52)
    request, answer = bench.field.frames[-2:]
    assert answer.time_us - request.time_us - request.airtime_us == 91, "0x52 ends in 1"


def test_the_log_tells_who_said_what(bench: Bench) -> None:
    card_in(bench)
    bench.field_on()
    bench.select()
    log = bench.field.frames
    assert [(entry.direction, entry.data.hex(), entry.bits) for entry in log] == [
        ("reader", "52", 7),
        ("card", "0400", 16),
        ("reader", "9320", 16),
        ("card", "2a698d438d", 40),
        ("reader", "93702a698d438d5255", 72),
        ("card", "08b6dd", 24),
    ]
    assert [entry.number for entry in log] == list(range(bench.field.frame_count))
    assert [entry.uid for entry in log[:2]] == [b"", UID]
    assert bench.field.airtime_us == sum(entry.airtime_us for entry in log)


def test_two_cards_collide_in_the_bit_in_which_they_differ(bench: Bench) -> None:
    card_in(bench, UID)
    card_in(bench, OTHER)
    bench.field_on()
    assert bench.request() == b"\x04\x00", "equal answers do not collide"
    answer, _ = bench.transceive(b"\x93\x20")
    assert bench.read(reg.ERROR) & reg.COLLISION_ERROR
    assert bench.read(reg.COLL) == reg.VALUES_AFTER_COLLISION | 25, "the lowest bit of the fourth byte"
    assert answer[:4] == bytes.fromhex("2a698d43")
    assert bench.field.frames[-1].collision


def test_bits_after_a_collision_may_be_cleared(bench: Bench) -> None:
    card_in(bench, UID)
    card_in(bench, bytes.fromhex("2a698c43"))
    bench.field_on()
    bench.write(reg.COLL, 0x00)
    bench.request()
    answer, bits = bench.transceive(b"\x93\x20")
    assert bits == 40
    assert answer == bytes.fromhex("2a69010000")
    assert bench.read(reg.COLL) == 17


def test_collision_in_bit_32_and_beyond(bench: Bench) -> None:
    card_in(bench, bytes.fromhex("11223300"))
    card_in(bench, bytes.fromhex("11223380"))
    bench.field_on()
    bench.request()
    bench.transceive(b"\x93\x20")
    assert bench.read(reg.COLL) & 0x3F == 0, "0 stands for 32"


@pytest.mark.parametrize("known_bits", [1, 5, 8, 13, 24, 31])
def test_anticollision_continues_at_any_bit(bench: Bench, known_bits: int) -> None:
    """With RxAlign the answer lands in the FIFO at the bit where the sent UID ended."""
    card_in(bench)
    bench.field_on()
    bench.request()
    align = known_bits & 7
    sent = (int.from_bytes(UID, "little") & (1 << known_bits) - 1).to_bytes((known_bits + 7) // 8, "little")
    nvb = 0x20 + (known_bits // 8 << 4) + align
    answer, bits = bench.transceive(bytes([0x93, nvb]) + sent, last_bits=align, align=align)
    assert bits == 40 - known_bits
    whole = bytearray(sent[: known_bits // 8]) + bytearray(answer)
    if align:
        whole[known_bits // 8] |= sent[-1]
    assert bytes(whole) == UID + bytes([0x8D])


def test_collision_position_counts_the_alignment(bench: Bench) -> None:
    card_in(bench, bytes.fromhex("0f000000"))
    card_in(bench, bytes.fromhex("0f000001"))
    bench.field_on()
    bench.request()
    bench.transceive(b"\x93\x23\x07", last_bits=3, align=3)
    assert bench.read(reg.COLL) & 0x3F == 25


def test_a_wrong_prefix_gets_no_answer(bench: Bench) -> None:
    card_in(bench)
    bench.field_on()
    bench.request()
    assert bench.transceive(b"\x93\x30\xff") == (b"", 0)
    assert bench.transceive(b"\x93\x20")[0] == UID + b"\x8d", "but the card still listens"


def test_clones_collide_in_their_nonces(bench: Bench) -> None:
    original = card_in(bench)
    bench.field.enter(ClassicCard.clone(original))
    bench.field_on()
    assert bench.select() == UID, "up to here they say the same"
    assert not bench.authenticate(4, KEY, UID)
    assert bench.read(reg.ERROR) & (reg.PROTOCOL_ERROR | reg.COLLISION_ERROR)


def test_answers_collide_in_any_frame(bench: Bench) -> None:
    """Even two cards that draw the same nonces differ at last in what they hold."""
    first, second = card_in(bench), card_in(bench)
    first.blocks[4][5] = 0x10
    second.blocks[4][5] = 0x00
    bench.field_on()
    bench.select()
    assert bench.authenticate(4, KEY, UID)
    bench.read_block(4)
    assert bench.read(reg.ERROR) & reg.COLLISION_ERROR
    assert bench.read(reg.COLL) & reg.COLLISION_POSITION_INVALID, "bit 45 is out of its range"


def test_a_card_needs_time_to_wake_up(bench: Bench) -> None:
    bench.field_on()
    card_in(bench)
    bench.clock.advance(POWER_UP_US // 2)
    assert bench.request() == b""
    bench.clock.advance(POWER_UP_US)
    assert bench.request() == b"\x04\x00"


def test_the_field_forgets_with_the_antenna(bench: Bench) -> None:
    card_in(bench)
    bench.field_on()
    bench.select()
    assert bench.authenticate(4, KEY, UID)
    bench.write(reg.TX_CONTROL, 0x80)
    bench.write(reg.STATUS2, 0x00)
    bench.write(reg.TX_CONTROL, 0x83)
    bench.clock.advance(2_000)
    assert bench.request() == b"\x04\x00"


def test_without_a_field_the_transmitter_waits(bench: Bench) -> None:
    card_in(bench)
    bench.write(reg.BIT_FRAMING, 7)
    bench.write(reg.FIFO_DATA, 0x52)
    bench.write(reg.COMMAND, reg.TRANSCEIVE)
    bench.write(reg.BIT_FRAMING, 0x87)
    bench.clock.advance(10_000)
    assert bench.read(reg.STATUS2) & 7 == TX_WAIT_RF
    assert bench.field.frame_count == 0
    bench.write(reg.COM_IRQ, 0x7F)
    bench.write(reg.TX_CONTROL, 0x83)
    assert bench.field.frame_count == 1
    assert bench.wait(reg.TX_IRQ)


def test_leaving_while_speaking_breaks_the_answer_off(bench: Bench) -> None:
    card = card_in(bench)
    bench.field_on()
    bench.request()

    bench.write(reg.COM_IRQ, 0x7F)
    bench.write(reg.COMMAND, reg.IDLE)
    bench.write(reg.BIT_FRAMING, 0)
    bench.write(reg.FIFO_DATA, 0x93, 0x20)
    bench.write(reg.COMMAND, reg.TRANSCEIVE)
    bench.write(reg.BIT_FRAMING, reg.START_SEND)
    bench.clock.advance(198 + 91 + 200)
    bench.field.leave(card)
    assert bench.wait(reg.RX_IRQ | reg.TIMER_IRQ) & reg.RX_IRQ
    assert bench.read(reg.FIFO_LEVEL) == 3
    assert bench.read(reg.CONTROL) & 7
    assert bench.read(reg.ERROR) & reg.PARITY_ERROR


def test_a_hook_may_take_the_card_away(bench: Bench) -> None:
    card = card_in(bench)
    bench.field_on()
    bench.field.on_frame.append(lambda entry: bench.field.leave(card))
    assert bench.request() == b""
    assert bench.field.cards == []


@pytest.mark.parametrize(
    ("frame", "phase", "frames_seen"),
    [(2, "before", 3), (2, "after", 3), (3, "before", 3), (3, "after", 5), (4, "before", 5), (4, "after", 5)],
)
def test_tear_points(bench: Bench, frame: int, phase: Phase, frames_seen: int) -> None:
    """Frames 0 and 1 are request and answer, 2 and 3 anticollision, 4 and 5 selection."""
    card_in(bench)
    bench.field_on()
    bench.field.tear(TearPoint(frame, phase))
    bench.request()
    heard = bench.transceive(b"\x93\x20")[0]
    assert bool(heard) == (frames_seen == 5)
    bench.transceive(b"\x93\x70" + UID + b"\x8d", crc=True)
    assert bench.field.frame_count == (frames_seen if heard else frames_seen + 1)
    assert bench.field.cards == []
    assert bench.field.tears == []
    assert bench.field.tears_done == [TearPoint(frame, phase)]


def test_frames_can_be_enumerated(make_bench: type[Bench]) -> None:
    """The tear after the last frame changes nothing; every one before it does."""

    def run(tear: TearPoint | None) -> tuple[int, bool]:
        bench = make_bench()
        card = card_in(bench)
        bench.field_on()
        if tear is not None:
            bench.field.tear(tear)
        bench.request()
        uid = bench.transceive(b"\x93\x20")[0]
        sak = bench.transceive(b"\x93\x70" + uid, crc=True)[0]
        return bench.field.frame_count, sak == b"\x08" and card in [*bench.field.cards, card]

    frames, complete = run(None)
    assert (frames, complete) == (6, True)
    phases: tuple[Phase, Phase] = ("before", "after")
    points = [TearPoint(n, phase) for n in range(frames) for phase in phases]
    assert [run(point)[1] for point in points] == [False] * (len(points) - 1) + [True]


def test_bad_tear_points_are_refused() -> None:
    with pytest.raises(ValueError, match="tear point"):
        TearPoint(-1, "before")
    with pytest.raises(ValueError, match="tear point"):
        TearPoint(0, "inside_write", 1.5)


def test_no_card_understands_higher_rates(bench: Bench) -> None:
    card_in(bench)
    bench.field_on()
    bench.write(reg.TX_MODE, 0x10)
    bench.write(reg.BIT_FRAMING, 7)
    bench.write(reg.FIFO_DATA, 0x52)
    bench.write(reg.COMMAND, reg.TRANSCEIVE)
    bench.write(reg.BIT_FRAMING, 0x87)
    assert not bench.wait(reg.RX_IRQ | reg.TIMER_IRQ) & reg.RX_IRQ


def test_transmit_and_receive_are_two_commands(bench: Bench) -> None:
    card_in(bench)
    bench.field_on()
    bench.write(reg.BIT_FRAMING, 7)
    bench.write(reg.COM_IRQ, 0x7F)
    bench.write(reg.FIFO_DATA, 0x52)
    bench.write(reg.COMMAND, reg.TRANSMIT)
    bench.clock.advance(94)
    assert bench.read(reg.COM_IRQ) & (reg.TX_IRQ | reg.IDLE_IRQ) == reg.TX_IRQ | reg.IDLE_IRQ
    bench.write(reg.COMMAND, reg.RECEIVE)
    bench.write(reg.COM_IRQ, 0x7F)
    assert bench.wait(reg.RX_IRQ) & reg.IDLE_IRQ
    assert bench.read_fifo() == b"\x04\x00"


def test_an_answer_nobody_listens_to_is_lost(bench: Bench) -> None:
    card_in(bench)
    bench.field_on()
    bench.write(reg.BIT_FRAMING, 7)
    bench.write(reg.FIFO_DATA, 0x52)
    bench.write(reg.COMMAND, reg.TRANSMIT)
    bench.clock.advance(5_000)
    assert bench.read(reg.FIFO_LEVEL) == 0
    bench.write(reg.COMMAND, reg.RECEIVE)
    bench.clock.advance(5_000)
    assert bench.read(reg.FIFO_LEVEL) == 0


def test_writing_the_fifo_while_receiving_is_an_error(bench: Bench) -> None:
    card_in(bench)
    bench.field_on()
    bench.write(reg.BIT_FRAMING, 7)
    bench.write(reg.FIFO_DATA, 0x52)
    bench.write(reg.COMMAND, reg.TRANSCEIVE)
    bench.write(reg.BIT_FRAMING, 0x87)
    bench.clock.advance(150)
    bench.write(reg.FIFO_DATA, 0x00)
    assert bench.read(reg.ERROR) & reg.WRITE_ERROR


def test_with_the_receiver_off_nothing_comes_in(bench: Bench) -> None:
    card_in(bench)
    bench.field_on()
    bench.write(reg.BIT_FRAMING, 7)
    bench.write(reg.COM_IRQ, 0x7F)
    bench.write(reg.FIFO_DATA, 0x52)
    bench.write(reg.COMMAND, reg.RCV_OFF | reg.TRANSCEIVE)
    bench.write(reg.BIT_FRAMING, 0x87)
    assert not bench.wait(reg.RX_IRQ | reg.TIMER_IRQ) & reg.RX_IRQ


def test_noise_garbles_frames_but_never_unnoticed(bench: Bench) -> None:
    card_in(bench)
    bench.field_on()
    bench.select()
    assert bench.authenticate(4, KEY, UID)
    garbled = 0
    for _ in range(60):
        bench.field.noise = 0.0
        if not bench.read(reg.STATUS2) & reg.CRYPTO1_ON:
            bench.select()
            assert bench.authenticate(4, KEY, UID)
        bench.field.noise = 0.5
        data = bench.read_block(5)
        if bench.read(reg.ERROR) or len(data) != 16:
            garbled += 1
            bench.write(reg.STATUS2, 0)
        else:
            assert data == bytes(16)
    assert 20 < garbled < 58
