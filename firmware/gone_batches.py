"""Batches that are used up: not in memory any more, and never to be begun again. Borrowed code.

Law of the file: for each batch its number u32, first credit u32, count u32. How many there are, and 8 bytes HMAC of
all of them, stand in the checkpoint; what follows these in the file was never finished and means nothing.
"""

import hashlib

from errors import StorageFailed
from journal import Journal
from journal_files import MAC_BYTES
from protocol.mac import equal, hmac_sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from spent import Spent

RECORD_BYTES = 12
_LABEL = b"gone batches"
_PIECE_RECORDS = 16  # read at once


def fold(journal: Journal) -> None:
    """Write down the batches of which nothing is left; the state forgets them. The next checkpoint makes it so."""
    state = journal.state
    running = state.exam.batch if state.exam is not None else 0
    used_up = [batch for batch, spent in state.batches.items() if not spent.left() and batch != running]
    if not used_up:
        return
    records = b"".join([_record(batch, state.batches[batch]) for batch in used_up])
    mac = _mac(journal, records)
    with open(_path(journal), "r+b" if state.gone_count else "wb") as file:
        file.seek(state.gone_count * RECORD_BYTES)
        file.write(records)
        file.flush()
    state.gone_count += len(used_up)
    state.gone_mac = mac
    for batch in used_up:
        del state.batches[batch]
        if batch in state.revoked_batches:
            state.revoked_batches.remove(batch)
    journal.has_folded = True


def holds(journal: Journal, batch: int, credit: int) -> bool:
    """Whether the credit was one of that batch, which is used up."""
    return any(number == batch and 0 <= credit - first < count for number, first, count in _all(journal))


def overlapping(journal: Journal, first_credit: int, count: int) -> int:
    """The batch that had one of these credits, 0: none. Raises StorageFailed when the file is not what was written."""
    if journal.state.gone_count and not equal(_mac(journal, b""), journal.state.gone_mac):
        raise StorageFailed("the list of used batches was altered")
    for number, first, others in _all(journal):
        if first < first_credit + count and first_credit < first + others:
            return number
    return 0


def _all(journal: Journal) -> "Iterator[tuple[int, int, int]]":
    for piece in _pieces(journal):
        for place in range(0, len(piece), RECORD_BYTES):
            yield _number(piece, place), _number(piece, place + 4), _number(piece, place + 8)


def _pieces(journal: Journal) -> "Iterator[bytes]":
    left = journal.state.gone_count
    if not left:
        return
    try:
        with open(_path(journal), "rb") as file:
            while left > 0:
                yield file.read(min(left, _PIECE_RECORDS) * RECORD_BYTES)
                left -= _PIECE_RECORDS
    except OSError as error:
        raise StorageFailed("flash error %s" % error.errno) from None


def _mac(journal: Journal, more: bytes) -> bytes:
    """Of all records, and of these behind them."""
    digest = hashlib.sha256()
    for piece in _pieces(journal):
        digest.update(piece)
    digest.update(more)
    return hmac_sha256(journal.key, _LABEL + digest.digest())[:MAC_BYTES]


def _record(batch: int, spent: "Spent") -> bytes:
    return b"".join([number.to_bytes(4, "big") for number in (batch, spent.first_credit, spent.count)])


def _number(piece: bytes, place: int) -> int:
    return int.from_bytes(piece[place : place + 4], "big")


def _path(journal: Journal) -> str:
    return journal.directory + "/gone"
