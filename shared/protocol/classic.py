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

from protocol.errors import Malformed, OutOfRange, UnknownKind
from protocol.records import BATCH, KINDS, MAX_RECORD_BYTES, ONE_TIME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from protocol.classic_making import DATA_BOTH as DATA_BOTH
    from protocol.classic_making import DATA_WRITE_B as DATA_WRITE_B
    from protocol.classic_making import FACTORY_ACCESS as FACTORY_ACCESS
    from protocol.classic_making import STORE_BYTES as STORE_BYTES
    from protocol.classic_making import STORE_SECTORS as STORE_SECTORS
    from protocol.classic_making import TRAILER_B as TRAILER_B
    from protocol.classic_making import TRAILER_FACTORY as TRAILER_FACTORY
    from protocol.classic_making import access_of as access_of
    from protocol.classic_making import blocks_for as blocks_for
    from protocol.classic_making import decode_access as decode_access
    from protocol.classic_making import draw_block as draw_block
    from protocol.classic_making import draw_target as draw_target
    from protocol.classic_making import encode_access as encode_access
    from protocol.classic_making import factory_trailer as factory_trailer
    from protocol.classic_making import next_credit as next_credit
    from protocol.classic_making import sectors_for as sectors_for
    from protocol.classic_making import store_block as store_block
    from protocol.classic_making import trailer as trailer

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


def assemble(kind: int, length: int, blocks: dict[int, bytes]) -> bytes:
    """The record from the blocks that were read."""
    record = b""
    for block in block_numbers(kind, length):
        if block not in blocks or len(blocks[block]) != BLOCK_BYTES:
            raise Malformed("block %d is missing" % block)
        record += bytes(blocks[block])
    return record[:length]


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


def __getattr__(name: str) -> "Any":
    """Sectors, trailers, draw counters and stores are another file: whoever only reads and burns cards has no use for
    it.
    """
    from protocol import classic_making

    if name[0] != "_" and hasattr(classic_making, name):
        return getattr(classic_making, name)
    raise AttributeError(name)
