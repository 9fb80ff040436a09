"""The journal: append-only, gapless, each entry chained to the one before. What is in it has happened.

An append is on flash when it returns. New entries go to the tail file (no erase); while the machine is idle the tail is
moved to a slot, now and then a checkpoint is written, and segments of slots that the back office has acknowledged go.
What all that costs does not depend on how much waits to be reported. Every step leaves files from which `load` finds
the same journal, wherever the power is cut.
"""

import os

from borrowed import Borrowed
from errors import StorageFailed, StorageFull
from journal_files import CHUNK_ROOM_BYTES, Slots, Tail, make_chunk
from micropython import const
from protocol import journal as codec
from state import MAX_IN_DOUBT, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_ENOSPC = const(28)  # errno lacks the name on some ports
_EXAM_ENTRIES = const(4)  # INTENT, DEBIT, STARTED, ENDED
_EXAM_BYTES = const(80)
MAX_PENDING_ENTRIES = const(24576)  # about 6000 exams without a report
_NOTE_ENTRIES = const(512)  # the last of them are kept for debits: notes are dropped
_RESERVE_BLOCKS = const(12)  # for the checkpoint, a block's copy and littlefs' own directories
_CHECKPOINT_SLOTS = const(16)  # so many are read at boot, or reported anew, and a few more where no moment was quiet
BLOCK_SLOTS = const(32)  # fill a block of the flash
_QUIET_COMMITS = const(14)  # a directory block holds about 24: make room before a tap has to
_BLOCK_BYTES = const(4096)


class Journal:
    """The journal of one provisioning, open."""

    def __init__(self, directory: str, key: bytes, stamp: "Callable[[], tuple[int, int]]") -> None:
        """``stamp()`` gives (unix seconds, clock quality) for the next entry. Use `create` or `load`."""
        self.directory = directory
        self.key = key
        self.state = State()
        self.head_seq = 0
        self.head_mac = codec.genesis_mac(key)
        self.acked_seq = 0
        self.acked_mac = self.head_mac
        self.acked_slot = 0  # all slots before it are acknowledged
        self.slots = Slots(directory)
        self.checkpoint_slot = 0  # all slots before it are in the checkpoint
        self.checkpoint_acked = 0  # acked_slot as it stands there
        self.damage = ""  # what was found out too late to stop the start
        self.has_folded = True  # batches, since their files were tidied up
        self.tail_entries: list[bytes] = []
        self.tail_bytes = 0
        self.steps = 0  # of its time that the exam which was debited last has begun after the first (exams.py)
        self.commits = 0  # to the directory, since its block was last rewritten
        self.free_blocks = 0
        self.has_counted = False  # them, since the start: until then the checkpoint's word is taken
        self.dropped_notes = 0
        self._stamp = stamp
        self._tail = Tail(directory)

    @staticmethod
    def create(directory: str, key: bytes, stamp: "Callable[[], tuple[int, int]]") -> "Journal":
        """A new, empty journal; whatever an interrupted attempt left in the directory goes."""
        journal = Journal(directory, key, stamp)
        with Borrowed("journal_load") as code:
            code.create(journal)
        return journal

    @staticmethod
    def load(directory: str, key: bytes, stamp: "Callable[[], tuple[int, int]]") -> "Journal":
        """The journal as it was when the power went. Raises Corrupt rather than forget anything."""
        journal = Journal(directory, key, stamp)
        with Borrowed("journal_load") as code:
            code.load(journal)
        return journal

    def append(self, kind: int, batch: int = 0, credit: int = 0, detail: bytes = b"") -> int:
        """One entry, on flash when this returns its seq. Raises StorageFull or StorageFailed; then nothing happened."""
        now, quality = self._stamp()
        entry = codec.Entry(self.head_seq + 1, kind, now, quality, batch, credit, detail)
        data = entry.encode()
        mac = codec.chain_mac(self.key, self.head_mac, data)
        try:
            if self.tail_bytes + 1 + len(data) > CHUNK_ROOM_BYTES:
                self.move_tail()
            entries = list(self.tail_entries)
            entries.append(data)
            steps = 0 if kind == codec.DEBIT else self.steps
            self._tail.write(steps, make_chunk(entries, mac))
        except OSError as error:
            raise _storage_error(error) from None
        self.commits += 1
        self.steps = steps
        self.tail_entries = entries
        self.tail_bytes += 1 + len(data)
        self.head_seq = entry.seq
        self.head_mac = mac
        self.state.apply(entry)
        return entry.seq

    def mark_step(self, steps: int) -> None:
        """So much of the running exam's time has begun: on flash when this returns; no entry. Raises StorageFailed."""
        chunk = make_chunk(self.tail_entries, self.head_mac) if self.tail_entries else b""
        try:
            self._tail.write(steps, chunk)
        except OSError as error:
            raise _storage_error(error) from None
        self.commits += 1
        self.steps = steps

    def note(self, kind: int, batch: int = 0, credit: int = 0, detail: bytes = b"") -> None:
        """An entry that informs but that nothing depends on: dropped, and counted, when room is short."""
        if self.pending() >= MAX_PENDING_ENTRIES - _NOTE_ENTRIES or self.free_blocks < _RESERVE_BLOCKS:
            self.dropped_notes += 1
            return
        self.append(kind, batch, credit, detail)

    def prepare_exam(self) -> None:
        """Make sure that all entries of one more exam will find room. Raises before anything is touched."""
        if self.damage:
            raise StorageFailed(self.damage)
        if self.pending() > MAX_PENDING_ENTRIES - _EXAM_ENTRIES:
            raise StorageFull()
        if self.free_blocks < _RESERVE_BLOCKS:
            raise StorageFull("the flash is full")
        if len(self.state.in_doubt) >= MAX_IN_DOUBT:
            raise StorageFull("too many cards in doubt")
        if self.tail_bytes + _EXAM_BYTES > CHUNK_ROOM_BYTES:
            self._guarded(self.move_tail)

    def pending(self) -> int:
        """Entries that the back office has not acknowledged."""
        return self.head_seq - self.acked_seq

    def is_gone(self, batch: int, credit: int) -> bool:
        """Whether the credit was one of a batch that is used up and forgotten. Raises StorageFailed."""
        if not self.state.gone_count:
            return False
        with Borrowed("gone_batches") as code:
            return bool(code.holds(self, batch, credit))

    def rest(self) -> None:
        """Housekeeping for a quiet moment, so that no tap pays for it. One step a call, with one erase as a rule; most
        calls do nothing."""
        if not self.has_counted:
            self.count_blocks()
            return
        behind = max(self.slots.next - self.checkpoint_slot, self.acked_slot - self.checkpoint_acked)
        due = behind >= _CHECKPOINT_SLOTS or self.is_prunable()
        if due and (not self.tail_entries or behind >= 2 * _CHECKPOINT_SLOTS):
            self._guarded(self._fold)
        elif due or self.tail_bytes + _EXAM_BYTES > CHUNK_ROOM_BYTES:
            self._guarded(self.move_tail)
        elif self.commits >= _QUIET_COMMITS:
            self._guarded(self._fill_directory)

    def is_prunable(self) -> bool:
        """Whether the oldest segment is acknowledged in full."""
        return self.acked_slot - self.slots.first >= self.slots.in_segment

    def move_tail(self) -> None:
        """Tail to slot. A cut in between leaves the entries in both, and `load` takes them once."""
        if not self.tail_entries:
            return
        self.slots.append(make_chunk(self.tail_entries, self.head_mac))
        if self.slots.next % BLOCK_SLOTS == 1:
            self.free_blocks -= 1  # counted anew with the next checkpoint
        self.tail_entries = []
        self.tail_bytes = 0
        self.settle_slots()
        self._tail.clear(self.steps)
        self.commits += 2

    def settle_slots(self) -> None:
        """The slots are acknowledged in full as soon as the last entry before the tail is."""
        if self.acked_seq >= self.head_seq - len(self.tail_entries):
            self.acked_slot = self.slots.next

    def count_blocks(self) -> None:
        """Ask littlefs what is free; it has to look at every block for that, and may count one twice."""
        _, _, total, free, *_ = os.statvfs(self.directory)
        self.free_blocks = free if free <= total else 0  # less than nothing comes as a huge number
        self.has_counted = True

    def free_bytes(self) -> int:
        """Room left on the flash."""
        return self.free_blocks * _BLOCK_BYTES

    def close(self) -> None:
        """Let go of the open file."""
        self._tail.close()

    def _fold(self) -> None:
        with Borrowed("journal_upkeep") as code:
            code.fold(self)

    def _fill_directory(self) -> None:
        with Borrowed("journal_upkeep") as code:
            code.fill_directory(self)

    def _guarded(self, work: "Callable[[], None]") -> None:
        try:
            work()
        except OSError as error:
            raise _storage_error(error) from None


def _storage_error(error: OSError) -> StorageFull | StorageFailed:
    if error.errno == _ENOSPC:
        return StorageFull("the flash is full")
    return StorageFailed("flash error %s" % error.errno)
