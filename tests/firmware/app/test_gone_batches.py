"""Batches that are used up: out of memory, and still never begun or paid again."""

import random

import gone_batches
import journal_load  # noqa: F401 (here, so that it is not borrowed anew for every power cut)
import journal_report
import journal_upkeep
from errors import StorageFailed
from journal import Journal
from protocol import journal as codec
from ram_flash import copy_of, cuts, format_flash, mount, used_blocks

KEY = b"k" * 32
PLACE = "/disk/journal"
CREDITS = 3  # in a batch


def stamp():
    return 1_700_000_000, codec.CLOCK_TRUSTED


def fresh(blocks):
    flash = format_flash(blocks)
    return flash, Journal.create(PLACE, KEY, stamp)


def reload():
    return Journal.load(PLACE, KEY, stamp)


def first_credit(batch):
    return 1000 + batch * CREDITS


def begin(journal, batch):
    journal.append(codec.BATCH, batch, first_credit(batch), CREDITS.to_bytes(4, "big"))


def use(journal, batch, count=CREDITS):
    for credit in range(first_credit(batch), first_credit(batch) + count):
        journal.prepare_exam()
        for kind in (codec.INTENT, codec.DEBIT, codec.STARTED, codec.ENDED):
            journal.append(kind, batch, credit)


def fold(journal):
    """As in many quiet moments."""
    journal_report.acknowledge(journal, journal.head_seq)
    journal_upkeep.fold(journal)


def is_spent(journal, batch, credit):
    spent = journal.state.batches.get(batch)
    return spent.is_spent(credit) if spent is not None else gone_batches.holds(journal, batch, credit)


def loading_bytes(flash):
    mount(flash)
    flash.read_bytes = 0
    journal = reload()
    return journal, flash.read_bytes


def test_a_thousand_batches():
    """Ten years of a busy clinic: memory, checkpoint and start are as on the first day."""
    flash, journal = fresh(80)
    read = []
    for batch in range(1, 1001):
        begin(journal, batch)
        use(journal, batch)
        fold(journal)
        assert not journal.state.batches
        if batch in (10, 1000):
            journal.close()
            journal, count = loading_bytes(flash)
            read.append(count)
    assert read[1] < 3 * read[0], read
    assert used_blocks() < 40
    assert journal.state.gone_count == 1000
    assert journal.state.has_batches()
    assert journal.state.debits == 3000
    for batch in (1, 2, 500, 999, 1000):
        assert gone_batches.overlapping(journal, first_credit(batch), CREDITS) == batch
        assert all(gone_batches.holds(journal, batch, first_credit(batch) + number) for number in range(CREDITS))
        assert not gone_batches.holds(journal, batch, first_credit(batch) - 1)
        assert not gone_batches.holds(journal, batch, first_credit(batch) + CREDITS)
    assert gone_batches.overlapping(journal, first_credit(1) - 10, 10) == 0
    assert gone_batches.overlapping(journal, first_credit(1) - 10, 11) == 1
    assert gone_batches.overlapping(journal, first_credit(1001), 500) == 0
    assert gone_batches.overlapping(journal, first_credit(1001) - 1, 500) == 1000


def test_what_is_left_of_a_batch_keeps_it():
    _, journal = fresh(48)
    begin(journal, 1)
    use(journal, 1, CREDITS - 1)
    fold(journal)
    assert journal.state.batches[1].left() == 1
    journal.append(codec.INTENT, 1, first_credit(1) + CREDITS - 1)
    fold(journal)
    assert journal.state.batches[1].left() == 1
    journal.append(codec.DEBIT, 1, first_credit(1) + CREDITS - 1)
    fold(journal)
    assert 1 in journal.state.batches  # its exam is running
    journal.append(codec.ENDED, 1, first_credit(1) + CREDITS - 1)
    fold(journal)
    assert not journal.state.batches


def test_an_altered_list_begins_no_batch():
    _, journal = fresh(48)
    for batch in (1, 2):
        begin(journal, batch)
        use(journal, batch)
        fold(journal)
    with open(PLACE + "/gone", "r+b") as file:
        file.seek(3)
        file.write(b"\x09")
    try:
        gone_batches.overlapping(journal, 1, 1)
    except StorageFailed:
        return
    raise AssertionError("taken for the list that was written")


def test_every_cut():
    """Before every flash operation of two folds, and halfway through it: no spent credit is unspent, none is spent that
    was not, and the next batch goes its way."""
    random.seed(1)
    flash, journal = fresh(32)
    begin(journal, 1)
    past = copy_of(flash)
    flash.log = []
    promises = []
    for batch in (1, 2):
        if batch > 1:
            begin(journal, batch)
        use(journal, batch)
        promises += [(len(flash.log), batch, first_credit(batch) + number) for number in range(CREDITS)]
        fold(journal)
    journal.close()
    for number, half, _ in cuts(past, flash.log):
        again = reload()
        for operations, batch, credit in promises:
            assert operations > number or is_spent(again, batch, credit), (number, half, batch, credit)
        assert not is_spent(again, 3, first_credit(3))
        begin(again, 3)
        use(again, 3)
        fold(again)
        assert is_spent(again, 3, first_credit(3))
        assert gone_batches.overlapping(again, first_credit(3), CREDITS) == 3
        again.close()
    mount(past)
    assert reload().state.gone_count == 2
