"""The journal: append-only, gapless, each entry chained to the one before. What is in it has happened.

An append is on flash when it returns. New entries go to the tail file (no erase); while the machine is idle the tail is
moved to a segment, and segments that the back office has acknowledged are folded into the checkpoint. Every step leaves
files from which `load` finds the same journal, wherever the power is cut.
"""

import gc
import os
import time
from errno import EEXIST, ENOENT

from errors import StorageFailed, StorageFull
from journal_files import (
    CHUNK_OVERHEAD_BYTES,
    SEGMENT_BYTES,
    TAIL_BYTES,
    Corrupt,
    Filler,
    Segment,
    Tail,
    make_chunk,
    read_checkpoint,
    segments,
    write_checkpoint,
)
from protocol import journal as codec
from protocol.errors import ProtocolError
from state import MAX_IN_DOUBT, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENOSPC = 28  # errno lacks the name on some ports
EXAM_ENTRIES = 4  # INTENT, DEBIT, STARTED, ENDED
EXAM_BYTES = EXAM_ENTRIES * 24
MAX_PENDING_ENTRIES = 4096  # about 1000 exams without a report
NOTE_ENTRIES = 512  # the last of them are kept for debits: notes are dropped
RESERVE_BLOCKS = 12  # for the checkpoint, a segment's copy and littlefs' own directories
QUIET_COMMITS = 14  # a directory block holds about 24: make room before a tap has to
SLOW_COMMIT_US = 15000  # an erase is in it
TRIES_MAX = 26  # of fillers: a block holds no more


class Journal:
    """The journal of one provisioning, open."""

    def __init__(self, directory: str, key: bytes, stamp: Callable[[], tuple[int, int]]) -> None:
        """``stamp()`` gives (unix seconds, clock quality) for the next entry. Use `create` or `load`."""
        self._directory = directory
        self._key = key
        self._stamp = stamp
        self._tail = Tail(directory)
        self._tail_entries: list[bytes] = []
        self._tail_bytes = 0
        self._segments: list[Segment] = []
        self._commits = 0
        self.state = State()
        self.head_seq = 0
        self.head_mac = codec.genesis_mac(key)
        self.acked_seq = 0
        self.acked_mac = self.head_mac
        self._floor_mac = self.head_mac  # before the first segment, while there is none
        self.free_blocks = 0
        self.dropped_notes = 0

    @staticmethod
    def create(directory: str, key: bytes, stamp: Callable[[], tuple[int, int]]) -> "Journal":
        """A new, empty journal; whatever an interrupted attempt left in the directory goes."""
        make_empty(directory)
        journal = Journal(directory, key, stamp)
        journal._write_checkpoint()
        journal._count_blocks()
        return journal

    @staticmethod
    def load(directory: str, key: bytes, stamp: Callable[[], tuple[int, int]]) -> "Journal":
        """The journal as it was when the power went. Raises Corrupt rather than forget anything."""
        journal = Journal(directory, key, stamp)
        try:
            journal._load()
        except (ProtocolError, ValueError, OSError) as error:
            raise Corrupt(str(error)) from None
        journal._count_blocks()
        return journal

    def append(self, kind: int, batch: int = 0, credit: int = 0, detail: bytes = b"") -> int:
        """One entry, on flash when this returns its seq. Raises StorageFull or StorageFailed; then nothing happened."""
        now, quality = self._stamp()
        entry = codec.Entry(self.head_seq + 1, kind, now, quality, batch, credit, detail)
        data = entry.encode()
        mac = codec.chain_mac(self._key, self.head_mac, data)
        try:
            if self._tail_bytes + 1 + len(data) > TAIL_BYTES - CHUNK_OVERHEAD_BYTES:
                self._move_tail()
            entries = list(self._tail_entries)
            entries.append(data)
            self._tail.write(make_chunk(entries, mac))
        except OSError as error:
            raise _storage_error(error) from None
        self._commits += 1
        self._tail_entries = entries
        self._tail_bytes += 1 + len(data)
        self.head_seq = entry.seq
        self.head_mac = mac
        self.state.apply(entry)
        return entry.seq

    def note(self, kind: int, batch: int = 0, credit: int = 0, detail: bytes = b"") -> None:
        """An entry that informs but that nothing depends on: dropped, and counted, when room is short."""
        if self.pending() >= MAX_PENDING_ENTRIES - NOTE_ENTRIES or self.free_blocks < RESERVE_BLOCKS:
            self.dropped_notes += 1
            return
        self.append(kind, batch, credit, detail)

    def prepare_exam(self) -> None:
        """Make sure that all entries of one more exam will find room. Raises before anything is touched."""
        if self.pending() > MAX_PENDING_ENTRIES - EXAM_ENTRIES:
            raise StorageFull()
        if self.free_blocks < RESERVE_BLOCKS:
            raise StorageFull("the flash is full")
        if len(self.state.in_doubt) >= MAX_IN_DOUBT:
            raise StorageFull("too many cards in doubt")
        if self._tail_bytes + EXAM_BYTES > TAIL_BYTES - CHUNK_OVERHEAD_BYTES:
            self._guarded(self._move_tail)

    def pending(self) -> int:
        """Entries that the back office has not acknowledged."""
        return self.head_seq - self.acked_seq

    def report(self, limit: int) -> tuple[int, bytes, list[codec.Entry], bytes]:
        """The oldest unacknowledged entries: (first seq, MAC before it, entries, MAC of the last)."""
        first, mac = self.acked_seq + 1, self.acked_mac
        entries = []
        for data in self._entries_from(first):
            if len(entries) == limit:
                break
            mac = codec.chain_mac(self._key, mac, data)
            entries.append(codec.Entry.decode(data))
        return first, self.acked_mac, entries, mac

    def acknowledge(self, seq: int) -> None:
        """The back office has everything up to ``seq``. Older acknowledgements change nothing."""
        if seq > self.head_seq:
            raise ValueError("acknowledged more than there is")
        if seq <= self.acked_seq:
            return
        mac = self.acked_mac
        left = seq - self.acked_seq
        for data in self._entries_from(self.acked_seq + 1):
            if not left:
                break
            mac = codec.chain_mac(self._key, mac, data)
            left -= 1
        self.acked_seq, self.acked_mac = seq, mac

    def rest(self) -> None:
        """Housekeeping for a quiet moment, so that no tap pays for it. One step a call; most calls do nothing."""
        if self._tail_bytes + EXAM_BYTES > TAIL_BYTES - CHUNK_OVERHEAD_BYTES:
            self._guarded(self._move_tail)
        elif self._prunable():
            self._guarded(self._prune)
        elif self._commits >= QUIET_COMMITS:
            self._guarded(self._provoke_compaction)

    def free_bytes(self) -> int:
        """Room left on the flash."""
        return self.free_blocks * 4096

    def close(self) -> None:
        """Let go of the open file."""
        self._tail.close()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            raise _storage_error(error) from None

    def _move_tail(self) -> None:
        """Tail to segment. A cut in between leaves the entries in both, and `load` takes them once."""
        if not self._tail_entries:
            return
        first_seq = self.head_seq - len(self._tail_entries) + 1
        chunk = make_chunk(self._tail_entries, self.head_mac)
        segment = self._segments[-1] if self._segments else None
        if segment is None or segment.size() + len(chunk) > SEGMENT_BYTES:
            segment = Segment(self._directory, first_seq)
            segment.append(chunk, self._mac_before_tail())
            self._segments.append(segment)
        else:
            segment.append(chunk, b"")
        self._tail_entries = []
        self._tail_bytes = 0
        self._tail.clear()
        self._commits += 2
        self._count_blocks()

    def _mac_before_tail(self) -> bytes:
        """Where the last segment ended, or the checkpoint's."""
        if not self._segments:
            return self._floor_mac
        last = b""
        for _, mac in self._segments[-1].read().chunks():
            last = mac
        return last

    def _prunable(self) -> bool:
        """Whether the oldest segment is acknowledged in full and something follows it."""
        return len(self._segments) > 1 and self._segments[1].first_seq <= self.acked_seq + 1

    def _prune(self) -> None:
        """Fold what is known into the checkpoint, then let acknowledged segments go, oldest first."""
        gc.collect()
        self._move_tail()
        self._write_checkpoint()
        while self._prunable():
            self._segments.pop(0).remove()
        self._count_blocks()

    def _write_checkpoint(self) -> None:
        marks = (self.head_seq, self.head_mac, self.acked_seq, self.acked_mac)
        write_checkpoint(self._directory, self._key, marks, self.state.encode())
        self._commits += 2

    def _provoke_compaction(self) -> None:
        """littlefs rewrites a directory block that is full, with an erase. Fill it up, so that this happens now."""
        filler = Filler(self._directory)
        for _ in range(TRIES_MAX):
            began_us = time.ticks_us()
            filler.write()
            if time.ticks_diff(time.ticks_us(), began_us) > SLOW_COMMIT_US:
                break
        filler.close()
        self._commits = 0

    def _count_blocks(self) -> None:
        self.free_blocks = os.statvfs(self._directory)[3]

    def _entries_from(self, seq: int) -> Iterator[bytes]:
        """Generator of encoded entries from ``seq`` on."""
        for index, segment in enumerate(self._segments):
            following = self._segments[index + 1].first_seq if index + 1 < len(self._segments) else self._tail_first()
            if following <= seq:
                continue
            at = segment.first_seq
            for entries, _ in segment.read().chunks():
                for data in entries:
                    if at >= seq:
                        yield data
                    at += 1
        at = self._tail_first()
        for data in self._tail_entries:
            if at >= seq:
                yield data
            at += 1

    def _tail_first(self) -> int:
        return self.head_seq - len(self._tail_entries) + 1

    def _load(self) -> None:
        marks, state = read_checkpoint(self._directory, self._key)
        self.state = State.decode(state)
        folded_seq, folded_mac, self.acked_seq, self.acked_mac = marks
        self.head_seq, self.head_mac = folded_seq, folded_mac
        self._floor_mac = folded_mac
        self._segments = segments(self._directory)
        if self._segments:
            self._walk_segments(folded_seq, folded_mac)
        self._read_tail()

    def _walk_segments(self, folded_seq: int, folded_mac: bytes) -> None:
        first = self._segments[0]
        self.head_seq = first.first_seq - 1
        self.head_mac = first.read().previous_mac
        if self.head_seq > folded_seq:
            raise Corrupt("entries missing after the checkpoint")
        for segment in self._segments:
            reader = segment.read()
            if segment.first_seq != self.head_seq + 1 or reader.previous_mac != self.head_mac:
                raise Corrupt("segments do not join")
            for entries, mac in reader.chunks():
                for data in entries:
                    self._replay(data, folded_seq, folded_mac)
                if mac != self.head_mac:
                    raise Corrupt("chain broken")
        if self.head_seq < folded_seq:
            raise Corrupt("entries missing before the checkpoint")

    def _read_tail(self) -> None:
        chunk = self._tail.read()
        if chunk is None:
            return
        entries, mac = chunk
        if not entries or codec.Entry.decode(entries[-1]).seq <= self.head_seq:
            return  # moved to a segment already; the power went before the tail was cleared
        for data in entries:
            self._replay(data, self.head_seq, self.head_mac)
        if mac != self.head_mac:
            raise Corrupt("chain broken")
        self._tail_entries = entries
        self._tail_bytes = sum([1 + len(data) for data in entries])

    def _replay(self, data: bytes, folded_seq: int, folded_mac: bytes) -> None:
        entry = codec.Entry.decode(data)
        if entry.seq != self.head_seq + 1:
            raise Corrupt("gap in the journal")
        self.head_seq = entry.seq
        self.head_mac = codec.chain_mac(self._key, self.head_mac, data)
        if entry.seq > folded_seq:
            self.state.apply(entry)
        elif entry.seq == folded_seq and self.head_mac != folded_mac:
            raise Corrupt("journal and checkpoint disagree")


def make_empty(directory: str) -> None:
    """The directory, with nothing in it."""
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


def remove(directory: str) -> None:
    """Take a journal of an earlier provisioning away."""
    try:
        for name in os.listdir(directory):
            os.remove(directory + "/" + name)
        os.rmdir(directory)
    except OSError as error:
        if error.errno != ENOENT:
            raise


def _storage_error(error: OSError) -> StorageFull | StorageFailed:
    if error.errno == ENOSPC:
        return StorageFull("the flash is full")
    return StorageFailed("flash error %s" % error.errno)
