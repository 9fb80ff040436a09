"""Nothing that comes over SPI or over the air makes the models raise, hang or forget their limits."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.cards.classic import ClassicCard
from emulator.cards.iso14443a import with_crc
from emulator.mfrc522 import Mfrc522
from emulator.rf import Field, Frame

UID = bytes.fromhex("2a698d43")


class Clock:
    now_us = 0


frames = st.one_of(
    st.builds(Frame, st.binary(min_size=1, max_size=40)),
    st.builds(lambda data: Frame(with_crc(data)), st.binary(max_size=20)),
    st.builds(
        lambda value, bits: Frame(bytes([value & (1 << bits) - 1]), bits), st.integers(0, 255), st.integers(1, 7)
    ),
    st.builds(
        lambda code, block: Frame(with_crc(bytes([code, block]))),
        st.sampled_from(b"\x60\x61\x30\xa0\xc1"),
        st.integers(0, 255),
    ),
    st.sampled_from([Frame(b"\x52", 7), Frame(b"\x93\x20"), Frame(with_crc(b"\x93\x70" + UID + b"\x8d"))]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(frames, max_size=12))
def test_a_card_survives_any_frames_and_can_always_be_woken(heard: list[Frame]) -> None:
    card = ClassicCard(UID)
    for frame in heard:
        card.receive(frame)
        card.write_done()
    card.power_off()
    reply = card.receive(Frame(b"\x52", 7))
    assert reply is not None
    assert reply.frame is not None
    assert reply.frame.data == b"\x04\x00"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=70), st.integers(0, 20_000)), max_size=40))
def test_the_chip_survives_any_spi_traffic(traffic: list[tuple[bytes, int]]) -> None:
    clock = Clock()
    field = Field(clock)
    field.enter(ClassicCard(UID))
    chip = Mfrc522(clock, field)
    for sent, pause_us in traffic:
        assert len(chip.transfer(sent)) == len(sent)
        clock.now_us += pause_us
    assert chip.transfer(b"\xee\x00") == b"\x00\x92"
    assert len(chip.fifo) <= 64


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(range(64)), st.integers(0, 255), st.integers(0, 3_000)), max_size=60))
def test_the_chip_survives_any_register_writes_in_a_live_field(writes: list[tuple[int, int, int]]) -> None:
    clock = Clock()
    field = Field(clock)
    field.enter(ClassicCard(UID))
    chip = Mfrc522(clock, field)
    chip.transfer(bytes([0x14 << 1, 0x83]))
    clock.now_us += 5_000
    for register, value, pause_us in writes:
        chip.transfer(bytes([register << 1, value]))
        clock.now_us += pause_us
    assert chip.transfer(b"\xee\x00") == b"\x00\x92"
