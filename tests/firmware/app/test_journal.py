"""The journal on real littlefs: nothing lost, nothing invented, bounded, and loud when it is damaged."""

import os
import random

import journal_load  # noqa: F401 (here, so that it is not borrowed anew for every power cut)
import journal_report
import journal_upkeep
from errors import Corrupt, StorageFailed, StorageFull
from journal import MAX_PENDING_ENTRIES, Journal
from journal_files import Slots
from protocol import journal as codec
from protocol.grouping import Groups
from protocol.slices import finished
from ram_flash import copy_of, cuts, format_flash, mount, used_blocks

KEY = b"k" * 32
PLACE = "/disk/journal"


def stamp():
    return 1_700_000_000, codec.CLOCK_TRUSTED


class FlashTime:
    """Time as the flash spends it: an erase takes 45 ms, a page 0.4 ms."""

    def __init__(self, flash):
        self._flash = flash

    def ticks_us(self):
        return self._flash.erases * 45000 + self._flash.operations * 400

    def ticks_diff(self, end, start):
        return end - start


def fresh(blocks=48, in_segment=512):
    flash = format_flash(blocks)
    journal_upkeep.time = FlashTime(flash)
    Slots.in_segment = in_segment
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


def test_quiet_moments_keep_erases_away_from_the_tap():
    flash, journal = fresh()
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
    assert worst == 0, worst


def test_bounded_when_reported():
    flash, journal = fresh()
    for credit in range(1000, 1400):
        exam(journal, credit)
        journal_report.acknowledge(journal, journal.head_seq)
        journal.rest()
        journal.rest()
    assert used_blocks() < 32
    mount(flash)
    again = reload()
    assert again.head_seq == 1601
    assert again.state.batches[7].left() == 100


def test_what_was_acknowledged_is_not_reported_anew_after_a_power_cut():
    """All but the last few slots' entries: a report by SMS costs money."""
    flash, journal = fresh()
    for credit in range(1000, 1100):
        exam(journal, credit)
        journal.rest()
    while journal.pending():
        journal_report.acknowledge(journal, min(journal.acked_seq + 40, journal.head_seq))
        journal.rest()
    journal.close()
    mount(flash)
    assert reload().pending() < 100


def test_full_before_anything_is_touched():
    flash, journal = fresh(28, in_segment=32)
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


def damaged(name, place):
    """One bit of a file is another."""
    with open(PLACE + "/" + name, "rb") as file:
        content = bytearray(file.read())
    content[place if place >= 0 else len(content) + place] ^= 1
    with open(PLACE + "/" + name, "wb") as file:
        file.write(content)


def test_damage_is_loud():
    """At the start what was written since the checkpoint, and when it is reported what was written before."""
    flash, journal = fresh()
    for credit in range(1000, 1040):
        exam(journal, credit)
        journal.rest()
    journal.append(codec.BOOT)
    journal.close()
    assert 0 < journal.checkpoint_slot < journal.slots.next
    assert journal.tail_entries
    other = copy_of(flash)
    for name, place in (("checkpoint", 60), ("checkpoint", -1), ("tail", 10), ("tail", -1), ("s0", -100)):
        other.become(flash)
        mount(other)
        damaged(name, place)
        raises(Corrupt, reload)
    other.become(flash)
    mount(other)
    damaged("s0", 200)
    again = reload()
    raises(StorageFailed, journal_report.following, again, 0, again.acked_mac, 100)
    raises(StorageFailed, journal_report.acknowledge, again, 20)
    assert again.acked_seq == 0
    raises(StorageFailed, again.prepare_exam)
    mount(flash)
    assert reload().head_seq == 162
    raises(Corrupt, Journal.load, PLACE, b"x" * 32, stamp)
    raises(Corrupt, Journal.load, "/disk/nowhere", KEY, stamp)


def test_lost_and_exchanged_segments_are_loud():
    """At the start if they hold what is newer than the checkpoint, else when they are reported. Never silently."""
    flash, journal = fresh(in_segment=3)
    for credit in range(1000, 1020):
        exam(journal, credit)
    journal_upkeep.fold(journal)
    for credit in range(1020, 1030):
        exam(journal, credit)
    journal.close()
    names = sorted([name for name in os.listdir(PLACE) if name[0] == "s"], key=lambda name: int(name[1:]))
    checkpointed = journal.checkpoint_slot // 3
    assert 3 < checkpointed < len(names) - 3
    other = copy_of(flash)
    for number in range(len(names)):
        for exchanged in (False, True):
            other.become(flash)
            mount(other)
            partner = names[number - 1]
            if exchanged:
                os.rename(PLACE + "/" + partner, PLACE + "/x")
                os.rename(PLACE + "/" + names[number], PLACE + "/" + partner)
                os.rename(PLACE + "/x", PLACE + "/" + names[number])
            else:
                os.remove(PLACE + "/" + names[number])
            assert not whole(journal.head_seq), (number, exchanged)
    mount(flash)
    assert whole(journal.head_seq)


def whole(head_seq):
    """Whether a start and a report find all these entries."""
    try:
        journal = reload()
        entries, mac = journal_report.following(journal, 0, codec.genesis_mac(KEY), 10_000)
        journal.close()
    except (Corrupt, StorageFailed):
        return False
    assert [entry.seq for entry in entries] == list(range(1, head_seq + 1))
    assert mac == journal.head_mac
    return True


def test_a_flash_that_refuses_once():
    """At every operation of an exam and its housekeeping: what append refused is not there, and what it took is."""
    flash, journal = fresh(24, in_segment=3)
    journal.close()
    begun = copy_of(flash)
    for grace in range(36):
        flash.become(begun)
        mount(flash)
        journal = reload()
        flash.grace, flash.has_refused = grace, False
        told = [codec.BATCH]
        for credit in range(1000, 1004):
            for kind in (codec.INTENT, codec.DEBIT, codec.STARTED, codec.ENDED):
                try:
                    journal.append(kind, 7, credit)
                    told.append(kind)
                except StorageFailed:
                    flash.grace = None  # the next one works
            try:
                journal.rest()
            except StorageFailed:
                flash.grace = None
        assert flash.has_refused  # where it could not erase, littlefs itself went elsewhere
        flash.grace = None
        for _ in range(2):
            entries, _ = journal_report.following(journal, 0, codec.genesis_mac(KEY), 1000)
            assert [entry.kind for entry in entries] == told, grace
            journal.close()
            mount(flash)
            journal = reload()
        journal.close()


def test_nothing_unacknowledged_goes():
    """Whatever is acknowledged: one entry short of a segment's end, at it, behind it."""
    flash, journal = fresh(40, in_segment=3)
    for credit in range(1000, 1012):
        exam(journal, credit)
    journal.close()
    begun = copy_of(flash)
    for acked in range(journal.head_seq + 1):
        flash.become(begun)
        mount(flash)
        again = reload()
        mac = finished(journal_report.chaining(again, 0, codec.genesis_mac(KEY), acked))
        assert journal_report.acknowledge(again, acked, mac)
        journal_upkeep.fold(again)
        again.close()
        again = reload()
        entries, _ = journal_report.following(again, acked, mac, 1000)
        assert [entry.seq for entry in entries] == list(range(acked + 1, journal.head_seq + 1))
        assert again.slots.next - again.slots.first <= (journal.head_seq - acked) // 4 + 6
        again.close()


def test_segment_that_cannot_be_removed():
    """The next ones stay as well, and all go once it can be."""
    flash, journal = fresh(in_segment=3)
    for credit in range(1000, 1020):
        exam(journal, credit)
    journal_report.acknowledge(journal, journal.head_seq)
    journal.move_tail()
    journal.slots.drop_oldest = stuck
    for _ in range(3):
        raises(StorageFailed, journal.rest)
    journal.close()
    mount(flash)
    again = reload()
    assert again.head_seq == journal.head_seq
    assert again.slots.first == 0
    for _ in range(3):
        again.rest()
    assert again.slots.next - again.slots.first < 3
    assert len([name for name in os.listdir(PLACE) if name[0] == "s"]) <= 1
    mount(flash)
    assert reload().head_seq == journal.head_seq


def costs(flash, journal, waiting):
    """The journal as after a start, and the bytes that are read from the flash: at that start, for an exam, and for a
    report and its answer, while so many entries wait."""
    number = 0
    while journal.head_seq - journal.acked_seq < waiting:
        exam(journal, 1000 + number % 500)
        journal.rest()
        number += 1
    while journal.slots.next != journal.checkpoint_slot or journal.tail_entries:
        journal_upkeep.fold(journal)
    for _ in range(12):
        exam(journal, 1000)
    journal_upkeep.fill_directory(journal)  # its log is read as well: let it be as long each time
    journal.close()
    mount(flash)
    flash.read_bytes = 0
    journal = reload()
    loading, flash.read_bytes = flash.read_bytes, 0
    for _ in range(4):
        journal.rest()
    flash.read_bytes = 0
    exam(journal, 1000)
    appending, flash.read_bytes = flash.read_bytes, 0
    seq, mac = journal.acked_seq, journal.acked_mac
    finished(journal_report.gathering(journal, Groups(), (seq, mac), 48))
    assert journal_report.acknowledge(journal, seq + 48)
    return journal, (loading, appending, flash.read_bytes)


def test_nothing_costs_more_because_much_waits():
    """0, 1,000 and 20,000 entries. What is counted is what is read: the hash and the interpreter follow it. An opening
    alone costs two or three times as much, as the directory's log happens to be short or long."""
    flash, journal = fresh(320)
    found = []
    for waiting in (0, 1000, 20000):
        journal, read = costs(flash, journal, waiting)
        found.append(read)
    journal.close()
    for some in found[1:]:
        assert all(some[part] < 3 * found[0][part] for part in range(3)), found


def stuck():
    """The flash refuses."""
    raise OSError(5)


def life(flash, journal):
    """A few exams with reports in between. Gives what append promised: (operations so far, seq)."""
    promises = []
    for credit in range(1000, 1010):
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
    flash, journal = fresh(24, in_segment=3)  # so that segments begin, end and go within a short life
    past = copy_of(flash)
    flash.log = []
    promises = life(flash, journal)
    journal.close()
    assert len(flash.log) > 150
    for number, half, _ in cuts(past, flash.log):
        promised = max([1] + [seq for operations, seq in promises if operations <= number])
        again = reload()
        assert promised <= again.head_seq <= promised + 1, (number, half, promised, again.head_seq)
        exam(again, 1400)
        again.rest()
        again.close()


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
        _, journal = fresh(blocks=32, in_segment=3)
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
