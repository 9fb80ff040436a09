"""Where our records lie on a MIFARE Classic 1K: 16 sectors of four blocks of 16 bytes (NXP MF1S50YYX 8.6).

Law: a card written under this layout stays readable for ever. Sector 0 is never touched. Block numbers, access
bits and the public read key never change their meaning; a new layout gets a new record version.

One-time card: sector 1, key A public (read only), key B its own write key. Blocks 4 and 5 hold the record, block
6 is the burn block: 16 zero bytes until the machine writes its mark.
Block 6 of every card says UNFINISHED while the card is being personalised or erased, and is zero afterwards.
Master, white and batch cards: block 4 holds the record's first 16 bytes (header and numbers, nothing secret),
readable with the public key, so that one authentication classifies any card of ours. The rest lies from sector 2
on under the caller's read key (A) and write key (B). Sector 15 holds the state: block 60 of a batch card is its
burn block, which the read key may write, because the machine knows no other; blocks 60 and 61 of a white card
are the two copies of its draw counter, which only the write key may write.
Service card: block 4 holds the record, the data blocks of sectors 2 to 15 the store. Both keys of all sectors are
public (key A of sector 1 as everywhere): what is in the store is sealed, so its keys only keep strangers out.
"""

from protocol.errors import BadKey, Malformed, OutOfRange, UnknownKind
from protocol.records import BATCH, KINDS, MAX_RECORD_BYTES, ONE_TIME, SERVICE, WHITE

BLOCK_BYTES = 16
FIRST_BLOCK = 4
PUBLIC_READ_KEY = b"PSREAD"  # key A of sector 1; no secret: it only keeps other systems' readers from stumbling in
FACTORY_KEY = b"\xff" * 6
FRESH = bytes(BLOCK_BYTES)  # content of a burn block before it is burnt
STATE_SECTOR = 15
LAST_DATA_SECTOR = 14

COMMIT_BLOCK = 6  # of every card: UNFINISHED from the first write of personalising it to the last
UNFINISHED = b"unfinished card!"  # torn, it keeps some of these bits and no others

ONE_TIME_BLOCKS = (4, 5)
ONE_TIME_BURN_BLOCK = 6
BATCH_BURN_BLOCK = 60
WHITE_DRAW_BLOCKS = (60, 61)

SERVICE_KEY = b"PSPOST"  # keys A and B of a service card; no secret
STORE_SECTORS = range(2, 16)
STORE_BYTES = 672  # 14 sectors of three data blocks

# Access conditions C1 C2 C3 as a number (NXP MF1S50YYX 8.7.2, 8.7.3).
DATA_BOTH = 0b000  # data: keys A and B read and write
DATA_WRITE_B = 0b100  # data: keys A and B read, key B writes
TRAILER_FACTORY = 0b001  # trailer: key A writes everything, key B readable (as delivered)
TRAILER_B = 0b011  # trailer: only key B writes keys and access bits; no key readable
FACTORY_ACCESS = (DATA_BOTH, DATA_BOTH, DATA_BOTH, TRAILER_FACTORY)


def sector_of(block: int) -> int:
    return block // 4


def trailer_of(sector: int) -> int:
    return 4 * sector + 3


def block_numbers(kind: int, length: int) -> list[int]:
    """The blocks that hold a record of this kind and length, in the record's order."""
    if kind not in KINDS:
        raise UnknownKind("record kind %r" % kind)
    if not 0 < length <= MAX_RECORD_BYTES:
        raise OutOfRange("a record of %r bytes" % length)
    if kind == ONE_TIME:
        if length > BLOCK_BYTES * len(ONE_TIME_BLOCKS):
            raise OutOfRange("a one-time record of %d bytes" % length)
        return list(ONE_TIME_BLOCKS)
    more = (length - 1) // BLOCK_BYTES
    return [FIRST_BLOCK] + [8 + index // 3 * 4 + index % 3 for index in range(more)]


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


def assemble(kind: int, length: int, blocks: dict[int, bytes]) -> bytes:
    """The record from the blocks that were read."""
    record = b""
    for block in block_numbers(kind, length):
        if block not in blocks or len(blocks[block]) != BLOCK_BYTES:
            raise Malformed("block %d is missing" % block)
        record += bytes(blocks[block])
    return record[:length]


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


def burn_block(kind: int) -> int | None:
    if kind == ONE_TIME:
        return ONE_TIME_BURN_BLOCK
    return BATCH_BURN_BLOCK if kind == BATCH else None


def burn_key_type(kind: int) -> str:
    """Which key may write the burn block: "A" or "B"."""
    return "A" if kind == BATCH else "B"


def read_key_of(sector: int, read_key: bytes) -> bytes:
    """Key A of the sector: public in sector 1, the caller's everywhere else."""
    return PUBLIC_READ_KEY if sector == 1 else read_key


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
