"""The layout on MIFARE Classic: access bits of the data sheet, no block twice, sector 0 and trailers untouched."""

from protocol import classic
from protocol.records import BATCH, KINDS, MASTER, MAX_RECORD_BYTES, ONE_TIME, SERVICE, WHITE, header

from tests.firmware.protocol import samples
from tests.firmware.protocol.support import error_code, unhex

READ, WRITE = b"readme", b"writer"


def test_factory_trailer() -> None:
    assert classic.factory_trailer() == unhex("ffffffffffffff078069ffffffffffff")


def test_access_bits_round_trip() -> None:
    for number in range(8**4):
        conditions = (number & 7, number >> 3 & 7, number >> 6 & 7, number >> 9)
        assert classic.decode_access(classic.encode_access(conditions)) == conditions


def test_access_bits_with_a_wrong_copy() -> None:
    bits = classic.encode_access(classic.FACTORY_ACCESS)
    for position in range(24):
        wrong = bytearray(bits)
        wrong[position // 8] ^= 1 << position % 8
        assert error_code(classic.decode_access, bytes(wrong)) == "malformed"
    assert error_code(classic.decode_access, b"\xff\x07") == "malformed"


def test_records_come_back_from_their_blocks() -> None:
    for kind in KINDS:
        for length in (6, 16, 17, 30, 32, 33, 64, 65, 350, MAX_RECORD_BYTES):
            if kind == ONE_TIME and length > 32:
                assert error_code(classic.block_numbers, kind, length) == "out_of_range"
                continue
            record = bytes([index % 251 for index in range(length)])
            written = classic.blocks_for(kind, record)
            assert classic.assemble(kind, length, dict(written)) == record
            check_places(kind, length, [block for block, _ in written])


def check_places(kind: int, length: int, blocks: list[int]) -> None:
    assert len(set(blocks)) == len(blocks)
    assert all(4 <= block < 64 and block % 4 != 3 for block in blocks)
    assert {block // 4 for block in blocks} <= set(classic.sectors_for(kind, length))
    assert blocks[-1] == classic.FIRST_BLOCK, "the block that makes it a card of ours is written last"


def test_first_block_is_public_and_classifies() -> None:
    for kind, record in ((BATCH, samples.batch_record().encode()), (ONE_TIME, samples.one_time_record().encode())):
        blocks = dict(classic.blocks_for(kind, record))
        assert header(blocks[4]) == (kind, len(record))
        assert classic.trailer(kind, 1, READ, WRITE)[:6] == classic.PUBLIC_READ_KEY


def test_trailers() -> None:
    assert classic.trailer(BATCH, 2, READ, WRITE)[:6] == READ
    assert classic.trailer(BATCH, 2, READ, WRITE)[10:] == WRITE
    for kind in KINDS:
        for sector in range(1, 16):
            conditions = classic.decode_access(classic.trailer(kind, sector, READ, WRITE)[6:10])
            assert conditions == classic.access_of(kind, sector)
            assert conditions[3] == classic.TRAILER_B
    assert error_code(classic.trailer, BATCH, 2, b"short", WRITE) == "bad_key"


def test_only_a_batch_cards_burn_block_is_open_to_its_read_key() -> None:
    """A service card is worth nothing: everybody writes into its store."""
    open_blocks = [
        (kind, 4 * sector + place)
        for kind in KINDS
        if kind != SERVICE
        for sector in range(1, 16)
        for place in range(3)
        if classic.access_of(kind, sector)[place] == classic.DATA_BOTH
    ]
    assert open_blocks == [(BATCH, classic.BATCH_BURN_BLOCK)]


def test_burn_blocks() -> None:
    assert classic.burn_block(ONE_TIME) == 6
    assert classic.burn_block(BATCH) == 60
    assert classic.burn_block(MASTER) is None
    assert classic.burn_block(WHITE) is None
    assert classic.burn_key_type(ONE_TIME) == "B"
    assert classic.burn_key_type(BATCH) == "A"
    blocks = dict(classic.blocks_for(ONE_TIME, samples.one_time_record().encode()))
    assert blocks[6] == classic.FRESH


def test_draw_counter_survives_a_torn_write() -> None:
    copies = [classic.draw_block(1000), classic.draw_block(1000)]
    for credit in range(1001, 1010):
        place = classic.WHITE_DRAW_BLOCKS.index(classic.draw_target(copies[0], copies[1]))
        torn = list(copies)
        torn[place] = classic.draw_block(credit)[:7] + bytes(9)
        assert classic.next_credit(torn[0], torn[1]) == credit - 1
        assert classic.draw_target(torn[0], torn[1]) == classic.WHITE_DRAW_BLOCKS[place]
        copies[place] = classic.draw_block(credit)
        assert classic.next_credit(copies[0], copies[1]) == credit
    assert error_code(classic.next_credit, bytes(16), b"") == "malformed"
    assert error_code(classic.draw_block, 1 << 32) == "out_of_range"


def test_bad_calls() -> None:
    assert error_code(classic.block_numbers, 9, 16) == "unknown_kind"
    assert error_code(classic.block_numbers, MASTER, 0) == "out_of_range"
    assert error_code(classic.block_numbers, MASTER, MAX_RECORD_BYTES + 1) == "out_of_range"
    assert error_code(classic.assemble, MASTER, 20, {4: bytes(16)}) == "malformed"
    assert error_code(classic.assemble, MASTER, 20, {4: bytes(16), 8: bytes(15)}) == "malformed"
