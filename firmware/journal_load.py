"""A journal from its files: a new one, or the one that was there when the power went. Borrowed code, for the boot.

The checkpoint says where everything stands; what was written since is read, its chain verified entry by entry, and
Corrupt raised rather than anything forgotten. What waits before the checkpoint is verified when it is reported. A power
cut leaves at most: entries both in a slot and in the tail (taken once), and segments that nothing needs any more.
"""

import os
from errno import EEXIST, ENOENT

import journal_checkpoint
from errors import Corrupt
from journal import BLOCK_SLOTS, Journal
from journal_files import SLOT_BYTES
from journal_reading import read_tail, split_chunk
from protocol import journal as codec
from protocol.errors import ProtocolError


def create(journal: Journal) -> None:
    """Files for an empty journal; whatever an interrupted attempt left in the directory goes."""
    _make_empty(journal.directory)
    journal.count_blocks()
    journal_checkpoint.write(journal)


def load(journal: Journal) -> None:
    """Fill the journal from its files."""
    try:
        journal_checkpoint.read(journal)
        _find_first(journal)
        _walk_slots(journal)
        _walk_tail(journal)
        journal.settle_slots()
    except (ProtocolError, ValueError, OSError) as error:
        raise Corrupt(str(error)) from None


def _find_first(journal: Journal) -> None:
    """Segments go oldest first, after the checkpoint that says so: some may be there yet."""
    slots = journal.slots
    slots.first = journal.acked_slot // slots.in_segment * slots.in_segment
    while slots.first and _slots_in(journal, slots.first - 1):
        slots.first -= slots.in_segment


def _walk_slots(journal: Journal) -> None:
    slots = journal.slots
    behind = slots.next
    while (there := _slots_in(journal, slots.next)) > slots.next % slots.in_segment:
        _walk_segment(journal)
    if there < slots.next % slots.in_segment:
        raise Corrupt("entries missing before the checkpoint")
    journal.free_blocks = max(0, journal.free_blocks - (slots.next - behind) // BLOCK_SLOTS)


def _walk_segment(journal: Journal) -> None:
    slots = journal.slots
    with open(slots.path(slots.next), "rb") as file:
        file.seek(slots.next % slots.in_segment * SLOT_BYTES)
        while True:
            content = file.read(SLOT_BYTES)
            if not content:
                return
            _replay(journal, *split_chunk(content))
            slots.next += 1


def _slots_in(journal: Journal, slot: int) -> int:
    """How many there are in the segment of this one."""
    try:
        return os.stat(journal.slots.path(slot))[6] // SLOT_BYTES
    except OSError as error:
        if error.errno != ENOENT:
            raise
        return 0


def _walk_tail(journal: Journal) -> None:
    journal.steps, chunk = read_tail(journal.directory)
    if not chunk:
        return
    entries, mac = split_chunk(chunk)
    if codec.Entry.decode(entries[-1]).seq <= journal.head_seq:
        return  # moved to a slot already; the power went before the tail was cleared
    _replay(journal, entries, mac)
    journal.tail_entries = entries
    journal.tail_bytes = sum([1 + len(data) for data in entries])


def _replay(journal: Journal, entries: list[bytes], mac: bytes) -> None:
    for data in entries:
        entry = codec.Entry.decode(data)
        if entry.seq != journal.head_seq + 1:
            raise Corrupt("gap in the journal")
        journal.head_seq = entry.seq
        journal.head_mac = codec.chain_mac(journal.key, journal.head_mac, data)
        journal.state.apply(entry)
    if mac != journal.head_mac:
        raise Corrupt("chain broken")


def _make_empty(directory: str) -> None:
    parent = ""
    for name in directory.strip("/").split("/"):
        parent += "/" + name
        try:
            os.mkdir(parent)
        except OSError as error:
            if error.errno != EEXIST:
                raise
    for name in os.listdir(directory):
        os.remove(directory + "/" + name)
