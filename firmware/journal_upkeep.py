"""Housekeeping of the journal, in quiet moments. Borrowed code."""

import time

import gone_batches
import journal_checkpoint
from journal import BLOCK_SLOTS, Journal
from journal_files import TAIL_BYTES

SLOW_COMMIT_US = 15000  # an erase is in it
FILLERS_MAX = 26  # a directory's block holds no more


def fold(journal: Journal) -> None:
    """What is known goes into the checkpoint, batches that are used up go out of memory, and segments that are
    acknowledged in full from the flash, oldest first."""
    journal.move_tail()
    gone_batches.fold(journal)
    journal.count_blocks()
    journal_checkpoint.write(journal)
    journal.commits += 2
    while journal.is_prunable():
        journal.slots.drop_oldest()
        journal.free_blocks += journal.slots.in_segment // BLOCK_SLOTS


def fill_directory(journal: Journal) -> None:
    """littlefs rewrites a directory block that is full, with an erase. Fill it up, so that this happens now."""
    with open(journal.directory + "/filler", "wb") as file:
        for _ in range(FILLERS_MAX):
            began_us = time.ticks_us()
            file.seek(0)
            file.write(bytes(TAIL_BYTES))
            file.flush()
            if time.ticks_diff(time.ticks_us(), began_us) > SLOW_COMMIT_US:
                break
    journal.commits = 0
