"""Housekeeping of the journal, in quiet moments. Borrowed code."""

import time

import journal_checkpoint
from journal import Journal
from journal_files import TAIL_BYTES

SLOW_COMMIT_US = 15000  # an erase is in it
FILLERS_MAX = 26  # a directory's block holds no more


def prune(journal: Journal) -> None:
    """Fold what is known into the checkpoint, then let acknowledged segments go, oldest first."""
    journal.move_tail()
    marks = (journal.head_seq, journal.head_mac, journal.acked_seq, journal.acked_mac)
    journal_checkpoint.write(journal.directory, journal.key, marks, journal.state)
    journal.commits += 2
    while journal.is_prunable():
        journal.segments[0].remove()  # first: one that stays must not be forgotten, the next one may not go before it
        del journal.segments[0]
    journal.count_blocks()


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
