"""A walk over the journal's entries, a few at a time. Borrowed code.

Between two steps the journal may grow, its tail may move to a slot, and acknowledged segments may go. So nothing stays
open; a slot that is there keeps its number and its content.
"""

from errors import Corrupt, StorageFailed
from journal import Journal
from journal_files import SLOT_BYTES, Slots
from journal_reading import split_chunk
from micropython import const
from protocol import journal as codec
from protocol.errors import ProtocolError

_READ_SLOTS = const(4)  # at once


class Walk:
    """From entry ``seq`` on, whose MAC before is ``mac``; every chunk is held against the chain."""

    def __init__(self, journal: Journal, seq: int, mac: bytes) -> None:
        self.seq = seq  # of the next entry
        self.mac = mac  # of the last one that was taken
        self.slot = -1  # in which the next entry is, or before: -1 where it is not known yet
        self._journal = journal
        self._read = b""  # some slots,
        self._read_slot = -1  # from this one on: each opening costs a look through the directory

    def take(self, most: int) -> list[bytes]:
        """The next few entries; none: that was all, or they are acknowledged and gone.

        Raises StorageFailed when they are not what was written, and lets no exam begin any more."""
        journal = self._journal
        place = self.seq - (journal.head_seq - len(journal.tail_entries) + 1)
        if place >= 0:
            found, mac = journal.tail_entries[place:], journal.head_mac
        else:
            try:
                found, mac = self._take_slot()
            except (Corrupt, ProtocolError, OSError) as error:
                journal.damage = str(error)
                raise StorageFailed(journal.damage) from None
        taken = found[:most]
        for data in taken:
            self.mac = codec.chain_mac(journal.key, self.mac, data)
        if taken and len(taken) == len(found) and self.mac != mac:
            journal.damage = "chain broken before entry %d" % (self.seq + len(taken))
            raise StorageFailed(journal.damage)
        self.seq += len(taken)
        return taken

    def _take_slot(self) -> tuple[list[bytes], bytes]:
        journal = self._journal
        slots = journal.slots
        if self.slot < 0:
            self.slot = find(slots, self.seq, journal.acked_slot)
        while slots.first <= self.slot < slots.next:
            entries, mac = split_chunk(self._slot_content())
            skipped = self.seq - codec.Entry.decode(entries[0]).seq
            if skipped < len(entries):
                return entries[skipped:], mac
            self.slot += 1
        return [], b""

    def _slot_content(self) -> bytes:
        place = (self.slot - self._read_slot) * SLOT_BYTES
        if self._read_slot < 0 or place >= len(self._read):
            self._read, self._read_slot, place = self._journal.slots.read(self.slot, _READ_SLOTS), self.slot, 0
        return self._read[place : place + SLOT_BYTES]


def find(slots: Slots, seq: int, slot: int) -> int:
    """The slot with that entry, ``slot`` or one after it: in steps that double and halve, so a few are read however
    many there are."""
    step = 1
    while _begins_by(slots, slot + step, seq):
        slot += step
        step *= 2
    while step > 1:
        step //= 2
        if _begins_by(slots, slot + step, seq):
            slot += step
    return slot


def _begins_by(slots: Slots, slot: int, seq: int) -> bool:
    """Whether the slot is there and its first entry is that one or an earlier one."""
    if slot >= slots.next:
        return False
    entries, _ = split_chunk(slots.read(slot))
    return codec.Entry.decode(entries[0]).seq <= seq
