"""What a MIFARE Classic must hold to be one of our cards, besides its record (layout and law: classic.py)."""

from protocol.classic import (
    BLOCK_BYTES,
    FACTORY_KEY,
    FRESH,
    STATE_SECTOR,
    WHITE_DRAW_BLOCKS,
    block_numbers,
    burn_block,
    read_key_of,
    sector_of,
)
from protocol.errors import BadKey, Malformed, OutOfRange
from protocol.records import BATCH, SERVICE, WHITE

STORE_SECTORS = range(2, 16)
STORE_BYTES = 672  # 14 sectors of three data blocks
# Access conditions C1 C2 C3 as a number (NXP MF1S50YYX 8.7.2, 8.7.3).
DATA_BOTH = 0b000  # data: keys A and B read and write
DATA_WRITE_B = 0b100  # data: keys A and B read, key B writes
TRAILER_FACTORY = 0b001  # trailer: key A writes everything, key B readable (as delivered)
TRAILER_B = 0b011  # trailer: only key B writes keys and access bits; no key readable
FACTORY_ACCESS = (DATA_BOTH, DATA_BOTH, DATA_BOTH, TRAILER_FACTORY)


def blocks_for(kind: int, record: bytes) -> list[tuple[int, bytes]]:
    """(block, 16 bytes) of the record and of the state blocks that must be fresh, in the order to write them.

    The first block comes last: a card torn before the end is no card of ours yet.
    A white card's draw counter is not in here: only the caller knows its first value (see draw_block)."""
    blocks = []
    for index, block in enumerate(block_numbers(kind, len(record))):
        part = record[BLOCK_BYTES * index : BLOCK_BYTES * (index + 1)]
        blocks.append((block, bytes(part) + bytes(BLOCK_BYTES - len(part))))
    first = blocks.pop(0)
    burn = burn_block(kind)
    if burn is not None:
        blocks.append((burn, FRESH))
    blocks.append(first)
    return blocks


def sectors_for(kind: int, length: int) -> list[int]:
    """The sectors that belong to us on a card with such a record."""
    sectors = []
    for block in block_numbers(kind, length):
        if sector_of(block) not in sectors:
            sectors.append(sector_of(block))
    if kind in (WHITE, BATCH):
        sectors.append(STATE_SECTOR)
    if kind == SERVICE:
        sectors += list(STORE_SECTORS)
    return sectors


def store_block(unit: int) -> int:
    """The block that holds the store's n-th 16 bytes."""
    if not 0 <= unit < STORE_BYTES // BLOCK_BYTES:
        raise OutOfRange("unit %r of a service card" % unit)
    return 4 * STORE_SECTORS[0] + unit // 3 * 4 + unit % 3


def access_of(kind: int, sector: int) -> tuple[int, int, int, int]:
    if kind == SERVICE and sector in STORE_SECTORS:
        return (DATA_BOTH, DATA_BOTH, DATA_BOTH, TRAILER_B)
    first = DATA_BOTH if kind == BATCH and sector == STATE_SECTOR else DATA_WRITE_B
    return (first, DATA_WRITE_B, DATA_WRITE_B, TRAILER_B)


def trailer(kind: int, sector: int, read_key: bytes, write_key: bytes) -> bytes:
    """The 16 bytes of the sector's trailer once the card is one of ours."""
    key_a = read_key_of(sector, read_key)
    if len(key_a) != 6 or len(write_key) != 6:
        raise BadKey("a MIFARE Classic key has 6 bytes")
    return key_a + encode_access(access_of(kind, sector)) + write_key


def factory_trailer() -> bytes:
    return FACTORY_KEY + encode_access(FACTORY_ACCESS, 0x69) + FACTORY_KEY


def encode_access(conditions: tuple[int, int, int, int], user_byte: int = 0) -> bytes:
    """Access bits of the three data blocks and the trailer (NXP MF1S50YYX 8.7.1), then the free user byte."""
    c1 = c2 = c3 = 0
    for block, condition in enumerate(conditions):
        c1 |= (condition >> 2 & 1) << block
        c2 |= (condition >> 1 & 1) << block
        c3 |= (condition & 1) << block
    return bytes([(~c2 & 15) << 4 | (~c1 & 15), c1 << 4 | (~c3 & 15), c3 << 4 | c2, user_byte])


def decode_access(data: bytes) -> tuple[int, int, int, int]:
    """The four conditions, or Malformed when the inverted copy differs (the chip blocks such a sector for ever)."""
    if len(data) < 3:
        raise Malformed("access bits have 3 bytes")
    c1, c2, c3 = data[1] >> 4, data[2] & 15, data[2] >> 4
    if data[0] != ((~c2 & 15) << 4 | (~c1 & 15)) or data[1] & 15 != ~c3 & 15:
        raise Malformed("access bits and their inverted copy differ")
    bits = [(c1 >> n & 1) << 2 | (c2 >> n & 1) << 1 | (c3 >> n & 1) for n in range(4)]
    return (bits[0], bits[1], bits[2], bits[3])


def draw_block(next_credit: int) -> bytes:
    """One copy of a white card's draw counter: the number, its complement, the number, its complement."""
    if not 0 <= next_credit <= 0xFFFFFFFF:
        raise OutOfRange("next_credit is no 32-bit number")
    pair = next_credit.to_bytes(4, "big") + (next_credit ^ 0xFFFFFFFF).to_bytes(4, "big")
    return pair + pair


def next_credit(first: bytes, second: bytes) -> int:
    """The counter from its two copies: a torn copy does not count, the higher of two good ones does."""
    numbers = [number for number in (_drawn(first), _drawn(second)) if number is not None]
    if not numbers:
        raise Malformed("both copies of the draw counter are damaged")
    return max(numbers)


def draw_target(first: bytes, second: bytes) -> int:
    """The block to write the next value to: never the copy that holds the present one."""
    a, b = _drawn(first), _drawn(second)
    if a is None:
        return WHITE_DRAW_BLOCKS[0]
    if b is None or b < a:
        return WHITE_DRAW_BLOCKS[1]
    return WHITE_DRAW_BLOCKS[0]


def _drawn(block: bytes) -> int | None:
    if len(block) != BLOCK_BYTES:
        return None
    number = int.from_bytes(block[:4], "big")
    return number if block == draw_block(number) else None
