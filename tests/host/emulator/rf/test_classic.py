"""MIFARE Classic behind the air interface: access conditions, values, refusals (MF1S50YYX data sheet 8 to 12)."""

from __future__ import annotations

import pytest

from emulator.cards import access, value_block
from emulator.cards.classic import ACK, NACK_REFUSED, NACK_TRANSMISSION, ClassicCard
from emulator.mfrc522 import registers as reg
from tests.host.emulator.rf.bench import Bench

UID = bytes.fromhex("2a698d43")
KEY_A, KEY_B = b"\xaa" * 6, b"\xbb" * 6
DATA = bytes(range(16))
READ_ERRORS = reg.CRC_ERROR | reg.PARITY_ERROR | reg.PROTOCOL_ERROR | reg.COLLISION_ERROR


@pytest.fixture
def card(bench: Bench) -> ClassicCard:
    card = ClassicCard(UID, seed=7)
    bench.field.enter(card)
    bench.field_on()
    return card


def give_conditions(card: ClassicCard, bits: list[int], sector: int = 1) -> None:
    card.blocks[sector * 4 + 3][:] = KEY_A + access.encode(bits) + b"\x69" + KEY_B


def enter_with(bench: Bench, key: str, block: int = 4) -> bool:
    """A new session; in the chip's eyes a failure before must not matter."""
    bench.select()
    return bench.authenticate(block, KEY_A if key == "A" else KEY_B, UID, 0x60 if key == "A" else 0x61)


def can_read(bench: Bench, block: int) -> bool:
    return len(bench.read_block(block)) == 16 and not bench.read(reg.ERROR) & READ_ERRORS


def test_access_bits_round_trip() -> None:
    for packed in range(4096):
        bits = [packed >> 3 * i & 7 for i in range(4)]
        assert access.decode(bytes(6) + access.encode(bits) + bytes(7)) == bits


def test_transport_configuration() -> None:
    assert access.decode(bytes(6) + access.TRANSPORT + bytes(6)) == [0, 0, 0, 1]


@pytest.mark.parametrize("flipped", range(24))
def test_access_bits_that_contradict_themselves_are_invalid(flipped: int) -> None:
    trailer = bytearray(6) + bytearray(access.TRANSPORT) + bytearray(6)
    trailer[6 + flipped // 8] ^= 1 << flipped % 8
    assert access.decode(trailer) is None


# read, write, increment, decrement with key A and with key B, as the data sheet's table 8 has them
DATA_RULES = {
    0b000: ("rwid", "rwid"),
    0b010: ("r", "r"),
    0b100: ("r", "rw"),
    0b110: ("rd", "rwid"),
    0b001: ("rd", "rd"),
    0b011: ("", "rw"),
    0b101: ("", "r"),
    0b111: ("", ""),
}


@pytest.mark.parametrize("bits", DATA_RULES)
@pytest.mark.parametrize("key", ["A", "B"])
def test_data_blocks_under_every_condition(bench: Bench, card: ClassicCard, bits: int, key: str) -> None:
    give_conditions(card, [bits, 0b000, bits, 0b011])
    allowed = DATA_RULES[bits][key == "B"]
    card.blocks[4][:] = value_block.encode(5, 4)
    assert enter_with(bench, key)
    assert can_read(bench, 4) == ("r" in allowed)
    for letter, command in (("i", 0xC1), ("d", 0xC0), ("d", 0xC2), ("w", 0xA0)):
        assert enter_with(bench, key)
        assert bench.command(command, 4) == (ACK if letter in allowed else NACK_REFUSED), f"0x{command:02x}"


# write key A, read bits, write bits, read key B, write key B: which keys may (table 7)
TRAILER_RULES = {
    0b000: ("A", "A", "", "A", "A"),
    0b010: ("", "A", "", "A", ""),
    0b100: ("B", "AB", "", "", "B"),
    0b110: ("", "AB", "", "", ""),
    0b001: ("A", "A", "A", "A", "A"),
    0b011: ("B", "AB", "B", "", "B"),
    0b101: ("", "AB", "B", "", ""),
    0b111: ("", "AB", "", "", ""),
}


@pytest.mark.parametrize("bits", TRAILER_RULES)
@pytest.mark.parametrize("key", ["A", "B"])
def test_trailers_under_every_condition(bench: Bench, card: ClassicCard, bits: int, key: str) -> None:
    write_a, read_bits, write_bits, read_b, write_b = (key in keys for keys in TRAILER_RULES[bits])
    usable = not (key == "B" and "A" in TRAILER_RULES[bits][3])
    give_conditions(card, [0b000, 0b000, 0b000, bits])
    old = bytes(card.blocks[7])
    assert enter_with(bench, key)
    trailer = bench.read_block(7)
    if not usable:
        assert trailer != old[:6] + old[6:]
        assert len(trailer) == 1, "a readable key B opens nothing"
        return
    assert trailer[:6] == bytes(6), "key A is never shown"
    assert trailer[6:10] == (old[6:10] if read_bits else bytes(4))
    assert trailer[10:] == (old[10:] if read_b else bytes(6))
    new = b"\x01" * 6 + access.encode([1, 2, 3, 4]) + b"\x42" + b"\x02" * 6
    answer = bench.write_block(7, new)
    bench.clock.advance(10_000)
    assert answer == (ACK if write_a or write_bits or write_b else NACK_REFUSED)
    assert card.blocks[7][:6] == (new[:6] if write_a else old[:6])
    assert card.blocks[7][6:10] == (new[6:10] if write_bits else old[6:10])
    assert card.blocks[7][10:] == (new[10:] if write_b else old[10:])


def test_a_locked_sector_answers_nobody(bench: Bench, card: ClassicCard) -> None:
    card.blocks[7][7] ^= 0x01
    assert card.sector_locked(1)
    bench.select()
    assert not bench.authenticate(4, b"\xff" * 6, UID)
    assert bench.read(reg.ERROR) == reg.PROTOCOL_ERROR
    bench.select()
    assert bench.authenticate(8, b"\xff" * 6, UID), "the other sectors live"


def test_write_and_read_back(bench: Bench, card: ClassicCard) -> None:
    bench.select()
    assert bench.authenticate(4, b"\xff" * 6, UID)
    before = bench.clock.now_us
    assert bench.write_block(5, DATA) == ACK
    assert bench.clock.now_us - before > 4_000
    assert bench.read_block(5) == DATA
    assert card.blocks[5] == DATA
    assert card.writes == 1


def test_only_the_authenticated_sector(bench: Bench, card: ClassicCard) -> None:
    bench.select()
    assert bench.authenticate(4, b"\xff" * 6, UID)
    assert not can_read(bench, 8)
    assert bench.request(0x26) == b"", "the reader still encrypts"
    bench.write(reg.STATUS2, 0)
    assert bench.request(0x26) == b"\x04\x00", "a refusal ends the session"


def test_without_authentication(bench: Bench, card: ClassicCard) -> None:
    bench.select()
    assert bench.command(0x30, 4) == NACK_REFUSED
    bench.select()
    assert bench.command(0xA0, 4) == NACK_REFUSED


def test_block_zero_is_read_only(bench: Bench, card: ClassicCard) -> None:
    bench.select()
    assert bench.authenticate(0, b"\xff" * 6, UID)
    assert bench.read_block(0)[:8].hex() == "2a698d438d080400"
    assert bench.write_block(0, DATA) == NACK_REFUSED


@pytest.mark.parametrize("data", [bytes(15), bytes(17), b""])
def test_a_data_frame_of_the_wrong_length(bench: Bench, card: ClassicCard, data: bytes) -> None:
    bench.select()
    assert bench.authenticate(4, b"\xff" * 6, UID)
    assert bench.command(0xA0, 4) == ACK
    assert bench.command(*data) == NACK_TRANSMISSION
    assert card.writes == 0


def test_a_wrong_crc_is_a_transmission_error(bench: Bench, card: ClassicCard) -> None:
    bench.select()
    assert bench.authenticate(4, b"\xff" * 6, UID)
    answer, bits = bench.transceive(b"\x30\x04\x00\x00")
    assert (answer, bits) == (bytes([NACK_TRANSMISSION]), 4)


@pytest.mark.parametrize("command", [(0x00, 0x00), (0x30,), (0x30, 4, 4), (0xFF, 0x04), (0xB0, 4)])
def test_unknown_commands_are_refused(bench: Bench, card: ClassicCard, command: tuple[int, ...]) -> None:
    bench.select()
    assert bench.authenticate(4, b"\xff" * 6, UID)
    assert bench.command(*command) == NACK_REFUSED


def test_a_nibble_under_rx_crc_raises_a_crc_error(bench: Bench, card: ClassicCard) -> None:
    bench.select()
    assert bench.authenticate(4, b"\xff" * 6, UID)
    answer, bits = bench.transceive(b"\x30\x08", crc=True)
    assert (answer, bits) == (bytes([NACK_REFUSED]), 4)
    assert bench.read(reg.ERROR) == reg.CRC_ERROR


def test_halt_of_an_authenticated_card(bench: Bench, card: ClassicCard) -> None:
    bench.select()
    assert bench.authenticate(4, b"\xff" * 6, UID)
    assert bench.command(0x50, 0x00) is None
    bench.write(reg.STATUS2, 0)
    assert bench.request(0x26) == b""
    assert bench.request(0x52) == b"\x04\x00"


@pytest.mark.parametrize("value", [0, 1, -1, 2**31 - 1, -(2**31)])
def test_value_blocks_round_trip(value: int) -> None:
    block = value_block.encode(value, 0x05)
    assert len(block) == 16
    assert value_block.decode(block) == (value, 0x05)


@pytest.mark.parametrize("damaged", range(16))
def test_a_damaged_value_block_is_none(damaged: int) -> None:
    block = bytearray(value_block.encode(1234, 5))
    block[damaged] ^= 0x10
    assert value_block.decode(block) is None


def test_value_operations(bench: Bench, card: ClassicCard) -> None:
    card.blocks[4][:] = value_block.encode(100, 4)
    bench.select()
    assert bench.authenticate(4, b"\xff" * 6, UID)
    assert bench.command(0xC1, 4) == ACK
    assert bench.command(10, 0, 0, 0) is None, "success is silent"
    assert value_block.decode(card.blocks[4]) == (100, 4), "nothing shows before the transfer"
    assert bench.command(0xB0, 4) == ACK
    bench.clock.advance(10_000)
    assert value_block.decode(card.blocks[4]) == (110, 4)
    assert bench.command(0xC0, 4) == ACK
    bench.command(111, 0, 0, 0)
    assert bench.command(0xB0, 5) == ACK
    bench.clock.advance(10_000)
    assert value_block.decode(bench.read_block(5)) == (-1, 4), "the address byte travels along"
    assert bench.command(0xC2, 5) == ACK
    bench.command(0, 0, 0, 0)
    assert bench.command(0xB0, 6) == ACK
    assert bench.read_block(6) == value_block.encode(-1, 4)


def test_values_need_a_value_block_and_a_transfer_needs_a_value(bench: Bench, card: ClassicCard) -> None:
    for command in (0xC1, 0xC0, 0xC2, 0xB0):
        bench.select()
        assert bench.authenticate(4, b"\xff" * 6, UID)
        assert bench.command(command, 4) == NACK_REFUSED


def test_refusals_with_a_valid_transfer_buffer_have_codes_0_and_1(bench: Bench, card: ClassicCard) -> None:
    card.blocks[4][:] = value_block.encode(100, 4)
    for frame, code in ((None, 0x0), (b"\x30\x04\x00\x00", 0x1)):
        bench.select()
        assert bench.authenticate(4, b"\xff" * 6, UID)
        assert bench.command(0xC1, 4) == ACK
        bench.command(1, 0, 0, 0)
        assert (bench.command(0x30, 63) if frame is None else bench.transceive(frame)[0][0]) == code


def test_image_and_load() -> None:
    card = ClassicCard(UID)
    card.blocks[5][:] = DATA
    other = ClassicCard(UID)
    other.load(card.image())
    assert other.image() == card.image()
    with pytest.raises(ValueError, match="1024"):
        other.load(bytes(1000))
    with pytest.raises(ValueError, match="64 blocks"):
        ClassicCard(UID, [bytes(16)] * 63)
    assert ClassicCard(UID, [bytes(16)] * 64).image() == bytes(1024)


def test_a_magic_card_takes_a_new_uid(bench: Bench) -> None:
    stolen = ClassicCard(bytes.fromhex("01020304"))
    stolen.blocks[5][:] = DATA
    clone = ClassicCard.clone(stolen)
    bench.field.enter(clone)
    bench.field_on()
    assert bench.select() == stolen.uid
    assert bench.authenticate(4, b"\xff" * 6, stolen.uid)
    assert bench.read_block(5) == DATA
    assert bench.authenticate(0, b"\xff" * 6, stolen.uid)
    assert bench.write_block(0, UID + b"\x8d" + DATA[5:]) == ACK
    bench.clock.advance(10_000)
    bench.write(reg.TX_CONTROL, 0x80)
    bench.write(reg.TX_CONTROL, 0x83)
    bench.clock.advance(2_000)
    assert bench.select() == UID
