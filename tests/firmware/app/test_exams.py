"""An exam and power losses, on real littlefs: what is granted in all is what was paid for, and one step at most."""

import random

import journal_load  # noqa: F401 (here, so that it is not borrowed anew for every power cut)
from errors import StorageFailed
from exams import STEPS, Exams
from journal import Journal
from protocol import journal as codec
from ram_flash import copy_of, cuts, format_flash, mount
from state import Exam

KEY = b"k" * 32
PLACE = "/disk/journal"
EXAM_S = 60
EXAM_MS = EXAM_S * 1000
STEP_MS = EXAM_MS // STEPS
AHEAD_MS = 1000  # lost to whose power fails
POLL_MS = 60
CREDIT = 1000


class Clock:
    uptime_ms = 0

    def tick(self):
        pass

    def stamp(self):
        return 0, codec.CLOCK_NONE


class Machine:
    """A machine on this flash from one start to the next. Counts for how long its relay was on."""

    def __init__(self, flash):
        self.flash = flash
        self.clock = Clock()
        self.on_ms = 0
        self.relay = False
        self.granted_ms = []  # by operation of the flash: on_ms when it was done
        flash.log = None
        mount(flash)
        self.journal = Journal.load(PLACE, KEY, self.clock.stamp)
        self.exams = Exams(self.journal, self.clock, self.set_relay, EXAM_S)

    def set_relay(self, level):
        self.relay = level

    def boot(self):
        self.journal.append(codec.BOOT)
        self.exams.resume(True)

    def debit(self):
        self.journal.append(codec.INTENT, 7, CREDIT)
        self.journal.append(codec.DEBIT, 7, CREDIT)
        self.exams.grant()
        self.exams.started()

    def poll(self, ms=POLL_MS):
        self.clock.uptime_ms += ms
        self.on_ms += ms if self.relay else 0
        self.exams.tick()

    def run(self, polls=100_000, ms=POLL_MS):
        """Until the exam is over, or as long."""
        while self.journal.state.exam is not None and polls:
            polls -= 1
            self.poll(ms)
            self.note()
        return self.on_ms

    def note(self):
        """When what was written since the last poll was written."""
        if self.flash.log is not None:
            self.granted_ms += [self.on_ms] * (len(self.flash.log) - len(self.granted_ms))


def fresh():
    flash = format_flash(24)
    journal = Journal.create(PLACE, KEY, Clock().stamp)
    journal.append(codec.BATCH, 7, CREDIT, (500).to_bytes(4, "big"))
    journal.close()
    return flash


def test_undisturbed():
    machine = Machine(fresh())
    machine.debit()
    machine.flash.erases = 0
    head = machine.journal.head_seq
    assert EXAM_MS <= machine.run() <= EXAM_MS + POLL_MS
    assert machine.journal.head_seq == head + 1, "a step is no entry"
    assert machine.journal.commits <= 4 + STEPS + 1
    assert machine.flash.erases == 0


def test_every_cut():
    """Before every flash operation of an exam, and halfway through it: the rest is granted, no more and hardly less."""
    random.seed(4)
    flash = fresh()
    machine = Machine(flash)
    past = copy_of(flash)
    flash.log = []
    machine.debit()
    machine.note()
    machine.run()
    log, granted = flash.log, machine.granted_ms
    machine.journal.close()
    assert len(granted) == len(log) > 4 + STEPS, (len(granted), len(log))
    seen = 0
    for number, half, cut in cuts(past, log):
        machine = Machine(cut)
        if machine.journal.state.exam is not None:
            seen += 1
            machine.boot()
            total = granted[number] + machine.run()
            assert EXAM_MS - AHEAD_MS <= total <= EXAM_MS + STEP_MS, (number, half, total)
        machine.journal.close()
    assert seen > 2 * STEPS


def pulled(after):
    """All that is granted when the plug is pulled so many ms after each grant, again and again."""
    machine = Machine(fresh())
    machine.debit()
    total = starts = 0
    while machine.journal.state.exam is not None:
        total += machine.run(after // 20, 20)
        if machine.journal.state.exam is None:
            break
        machine.journal.close()
        machine = Machine(machine.flash)
        machine.boot()
        starts += 1
        assert starts <= STEPS + 1
    machine.journal.close()
    return total


def test_the_plug_again_and_again():
    """At every moment of a step, and around those of the next: the worst for us is one step more."""
    worst = max(pulled(after) for after in range(0, 2 * STEP_MS, 140))
    assert EXAM_MS <= worst <= EXAM_MS + STEP_MS, worst
    assert pulled(STEP_MS - AHEAD_MS - 20) > EXAM_MS - STEPS * AHEAD_MS


def test_a_start_before_started_counts():
    """The power goes between the relay and STARTED, each time: that is not for ever."""
    machine = Machine(fresh())
    machine.journal.append(codec.DEBIT, 7, CREDIT)
    for start in range(1, STEPS + 3):
        machine.journal.close()
        machine = Machine(machine.flash)
        machine.exams.started = lambda: None
        machine.boot()
        assert machine.relay == (start <= STEPS), start
    assert machine.journal.state.exam is None


def test_the_steps_are_those_of_the_exam_that_runs():
    machine = Machine(fresh())
    machine.debit()
    machine.run()
    assert machine.journal.steps == STEPS - 1
    machine.journal.append(codec.DEBIT, 7, CREDIT + 1)
    assert machine.journal.steps == 0
    machine.journal.close()
    again = Machine(machine.flash)
    assert again.journal.steps == 0
    again.journal.move_tail()
    again.journal.mark_step(3)
    again.journal.close()
    assert Machine(machine.flash).journal.steps == 3


class AilingJournal:
    """Its flash can be read and not be written."""

    steps = 0

    def __init__(self, started):
        self.state = self
        self.exam = Exam(7, 1000, 3, 0)
        self.exam.started = started
        self.tried = []

    def append(self, kind, batch=0, credit=0, detail=b""):
        self.tried.append(kind)
        raise StorageFailed("flash error 5")

    mark_step = append


def _resumed(started, counted):
    levels = []
    journal = AilingJournal(started)
    exams = Exams(journal, Clock(), levels.append, 60)
    exams.resume(counted)
    if not counted:
        exams.tick()
        assert codec.STARTED not in journal.tried, "nothing was enabled"
    return levels


def test_a_start_that_the_journal_counted_goes_on():
    assert _resumed(started=True, counted=True) == [True]
    assert _resumed(started=False, counted=True) == [True]


def test_the_relay_goes_off_although_the_flash_refuses():
    """By hand and when the time is over, at the first operation of the end or at a later one; and it stays off."""
    for by_hand in (True, False):
        for grace in range(3):
            machine = Machine(fresh())
            machine.debit()
            machine.clock.uptime_ms += EXAM_MS - POLL_MS
            machine.exams.tick()
            assert machine.relay
            machine.flash.grace = grace
            machine.clock.uptime_ms += POLL_MS
            try:
                (machine.exams.end if by_hand else machine.exams.tick)()
                assert grace
            except StorageFailed:
                assert machine.journal.state.exam is not None
            assert not machine.relay
            machine.flash.grace = None
            machine.poll()
            assert not machine.relay
            assert machine.journal.state.exam is None
            assert Machine(machine.flash).journal.state.exam is None


def test_a_start_that_nobody_counts_enables_nothing():
    assert _resumed(started=True, counted=False) == []
    assert _resumed(started=False, counted=False) == []
