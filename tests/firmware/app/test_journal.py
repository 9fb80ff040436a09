"""The journal on real littlefs: nothing lost, nothing invented, bounded, and loud when it is damaged."""

import random

import journal_load  # noqa: F401 (here, so that it is not borrowed anew for every power cut)
import journal_report
import journal_upkeep
from errors import Corrupt, StorageFailed, StorageFull
from journal import MAX_PENDING_ENTRIES, Journal
from journal_files import Segment
from protocol import journal as codec
from protocol.grouping import Groups
from protocol.slices import finished
from ram_flash import copy_of, format_flash, mount, used_blocks

KEY = b"k" * 32
PLACE = "/disk/journal"


def stamp():
    return 1_700_000_000, codec.CLOCK_TRUSTED


def fresh(blocks=48):
    flash = format_flash(blocks)
    journal = Journal.create(PLACE, KEY, stamp)
    journal.append(codec.BATCH, 7, 1000, (500).to_bytes(4, "big"))
    return flash, journal


def exam(journal, credit):
    journal.prepare_exam()
    journal.append(codec.INTENT, 7, credit)
    journal.append(codec.DEBIT, 7, credit)
    journal.append(codec.STARTED, 7, credit)
    journal.append(codec.ENDED, 7, credit)


def reload():
    return Journal.load(PLACE, KEY, stamp)


def raises(error, call, *args):
    try:
        call(*args)
    except error:
        return
    raise AssertionError("no " + error.__name__)


def test_what_was_appended_is_there_after_power_came_back():
    flash, journal = fresh()
    for credit in range(1000, 1050):
        exam(journal, credit)
        journal.rest()
    mount(flash)
    again = reload()
    assert again.head_seq == 201
    assert again.head_mac == journal.head_mac
    assert again.state.batches[7].left() == 450
    assert again.state.debits == 50
    assert again.state.exam is None
    entries, _ = journal_report.following(again, again.acked_seq, again.acked_mac, 1000)
    assert [entry.seq for entry in entries] == list(range(1, 202))


def test_chain_of_the_report_is_what_the_back_office_will_calculate():
    _, journal = fresh()
    for credit in range(1000, 1020):
        exam(journal, credit)
    mac = codec.genesis_mac(KEY)
    while journal.pending():
        first, before = journal.acked_seq + 1, journal.acked_mac
        entries, after = journal_report.following(journal, first - 1, before, 7)
        assert before == mac
        for entry in entries:
            mac = codec.chain_mac(KEY, mac, entry.encode())
        assert after == mac
        journal_report.acknowledge(journal, first + len(entries) - 1)
    assert mac == journal.head_mac


class FlashTime:
    """Time as the flash spends it: an erase takes 45 ms, a page 0.4 ms."""

    def __init__(self, flash):
        self._flash = flash

    def ticks_us(self):
        return self._flash.erases * 45000 + self._flash.operations * 400

    def ticks_diff(self, end, start):
        return end - start


def test_quiet_moments_keep_erases_away_from_the_tap():
    flash, journal = fresh()
    real_time, journal_upkeep.time = journal_upkeep.time, FlashTime(flash)
    worst = 0
    for credit in range(1000, 1200):
        before = flash.erases
        journal.prepare_exam()
        journal.append(codec.INTENT, 7, credit)
        journal.append(codec.DEBIT, 7, credit)
        worst = max(worst, flash.erases - before)
        journal.append(codec.STARTED, 7, credit)
        journal.append(codec.ENDED, 7, credit)
        for _ in range(4):
            journal.rest()
    journal_upkeep.time = real_time
    assert worst == 0, worst


def test_bounded_when_reported():
    flash, journal = fresh()
    for credit in range(1000, 1400):
        exam(journal, credit)
        journal_report.acknowledge(journal, journal.head_seq)
        journal.rest()
        journal.rest()
    assert used_blocks() < 16
    mount(flash)
    again = reload()
    assert again.head_seq == 1601
    assert again.state.batches[7].left() == 100


def test_full_before_anything_is_touched():
    flash, journal = fresh(28)
    credit = 1000
    try:
        while True:
            exam(journal, credit)
            journal.rest()
            credit += 1
    except StorageFull:
        pass
    assert credit > 1100, credit
    head = journal.head_seq
    raises(StorageFull, journal.prepare_exam)
    assert journal.head_seq == head
    journal.note(codec.REFUSED, 7, 1, b"\x01")
    assert journal.head_seq == head
    assert journal.dropped_notes == 1
    mount(flash)
    again = reload()
    assert again.head_seq == head
    journal_report.acknowledge(again, head)
    for _ in range(5):
        again.rest()
    exam(again, credit)


def test_bound_of_unreported_entries():
    assert MAX_PENDING_ENTRIES % 4 == 0
    _, journal = fresh()
    journal.acked_seq = journal.head_seq - MAX_PENDING_ENTRIES
    raises(StorageFull, journal.prepare_exam)


def test_damage_is_loud():
    flash, journal = fresh()
    for credit in range(1000, 1030):
        exam(journal, credit)
        journal.rest()
    journal.close()
    other = copy_of(flash)
    for name in ("s0000000001", "checkpoint", "tail"):
        other.become(flash)
        mount(other)
        with open(PLACE + "/" + name, "rb") as file:
            content = bytearray(file.read())
        if len(content) < 3:
            continue
        content[len(content) // 2] ^= 1
        with open(PLACE + "/" + name, "wb") as file:
            file.write(content)
        raises(Corrupt, reload)
    mount(flash)
    assert reload().head_seq == 121
    raises(Corrupt, Journal.load, PLACE, b"x" * 32, stamp)
    raises(Corrupt, Journal.load, "/disk/nowhere", KEY, stamp)


def test_segment_that_cannot_be_removed():
    """The next one stays as well: a hole in the middle would stop the machine at its next start."""
    flash, journal = fresh()
    journal.segment_bytes = 400
    for credit in range(1000, 1020):
        exam(journal, credit)
        journal.rest()
    journal_report.acknowledge(journal, journal.head_seq)
    assert len(journal.segments) > 3
    oldest = journal.segments[0] = StuckSegment(journal.directory, journal.segments[0].first_seq)
    for _ in range(3):
        raises(StorageFailed, journal.rest)
    mount(flash)
    assert reload().head_seq == journal.head_seq
    oldest.stuck = False
    journal.rest()
    mount(flash)
    again = reload()
    assert again.head_seq == journal.head_seq
    assert len(again.segments) == 1


class StuckSegment(Segment):
    """The flash refuses."""

    stuck = True

    def remove(self):
        if self.stuck:
            raise OSError(5)
        super().remove()


def life(flash, journal):
    """A few exams with reports in between. Gives what append promised: (operations so far, seq)."""
    journal.segment_bytes = 400  # so that segments begin, end and go within a short life
    promises = []
    for credit in range(1000, 1008):
        journal.prepare_exam()
        for kind in (codec.INTENT, codec.DEBIT, codec.STARTED, codec.ENDED):
            seq = journal.append(kind, 7, credit)
            promises.append((len(flash.log), seq))
        if credit % 3 == 0:
            journal_report.acknowledge(journal, journal.head_seq - 2)
        journal.rest()
        journal.rest()
    return promises


def test_every_cut():
    """Before every flash operation, and halfway through it: what was promised is there, and life goes on."""
    random.seed(1)
    flash, journal = fresh(24)
    past = copy_of(flash)
    flash.log = []
    promises = life(flash, journal)
    journal.close()
    assert len(flash.log) > 150
    cut = copy_of(flash)
    for number, operation in enumerate(flash.log):
        promised = max([1] + [seq for operations, seq in promises if operations <= number])
        for half in (False, True):
            cut.become(past)
            if half:
                cut.redo(operation, half=True)
            mount(cut)
            again = reload()
            assert promised <= again.head_seq <= promised + 1, (number, half, promised, again.head_seq)
            exam(again, 1400)
            again.rest()
            again.close()
        past.redo(operation)


def test_an_acknowledgement_for_another_history():
    """A push may come late: to a machine whose flash was set back and that has gone on writing since."""
    _, journal = fresh()
    for credit in range(1000, 1003):
        exam(journal, credit)
    wrong = bytes(8)
    assert not journal_report.acknowledge(journal, 5, wrong)
    assert journal.acked_seq == 0
    right = finished(journal_report.chaining(journal, 0, journal.acked_mac, 5))
    assert journal_report.acknowledge(journal, 5, right)
    assert (journal.acked_seq, journal.acked_mac) == (5, right)
    assert journal_report.acknowledge(journal, 3, wrong)
    assert journal_report.acknowledge(journal, 6)
    assert journal.acked_seq == 6
    entries, mac = journal_report.following(
        journal, 8, finished(journal_report.chaining(journal, 6, journal.acked_mac, 8)), 2
    )
    assert [entry.seq for entry in entries] == [9, 10]
    assert mac == finished(journal_report.chaining(journal, 6, journal.acked_mac, 10))


def test_a_walk_in_slices_beside_a_journal_that_moves():
    """Between two slices a card is tapped, the tail moves to its segment, segments go."""
    for seed in range(6):
        random.seed(seed)
        _, journal = fresh(blocks=32)
        journal.segment_bytes = 400
        for credit in range(1000, 1030):
            exam(journal, credit)
        head = journal.head_seq
        journal_report.acknowledge(journal, 40)
        seq, mac = journal.acked_seq, journal.acked_mac
        expected, expected_mac = journal_report.following(journal, seq, mac, head - seq)
        groups = Groups()
        steps = journal_report.gathering(journal, groups, (seq, mac), head - seq)
        credit = 1030
        while True:
            try:
                next(steps)
            except StopIteration as end:
                found_mac = end.value
                break
            action = random.randint(0, 3)  # noqa: S311
            if action == 0:
                exam(journal, credit)
                credit += 1
            elif action == 1:
                journal.move_tail()
            elif action == 2:
                journal.rest()
        assert len(groups) == len(expected) == head - seq
        assert found_mac == expected_mac
        assert finished(journal_report.chaining(journal, seq, mac, head)) == expected_mac
