"""The running exam: the relay is on only while the journal says that somebody paid and that it has not ended.

Everything here follows from the journal, so a start after a power cut is nothing special: an exam that was debited and
has not ended goes on for what is left of its time. That time is counted in steps, an eighth of it each. A step is on
flash before it begins, and so is every start, which costs one step, too: whoever pulls the plug, at whatever moment and
however often, gets at most one step more than was paid for. Whose power fails once loses next to nothing.
"""

from clock import Clock
from errors import Refused
from journal import Journal
from micropython import const
from protocol import journal as codec
from protocol import reasons

STEPS = 8  # of an exam's time; so many starts and steps after the first are on flash, then it is over
_AHEAD_MS = const(1000)  # a poll, a card and the write have to fit between a step's mark and its beginning


class Exams:
    """Relay and journal entries of the exam. ``relay(on)`` switches it."""

    def __init__(self, journal: Journal, clock: Clock, relay: "Callable[[bool], None]", exam_s: int) -> None:
        self._journal = journal
        self._clock = clock
        self._relay = relay
        self._step_ms = exam_s * 1000 // STEPS
        self._granted_ms = 0
        self._steps_left = STEPS  # from the moment of the grant
        self._steps_before = 0  # marked before that
        self._on = False

    def grant(self) -> None:
        """Relay on. Only the journal's DEBIT makes it so."""
        exam = self._journal.state.exam
        if exam is None:
            raise Refused(reasons.NOT_INITIALISED)
        self._relay(True)
        self._on = True
        self._clock.tick()
        self._granted_ms = self._clock.uptime_ms
        self._steps_before = self._journal.steps
        self._steps_left = min(STEPS, STEPS + 1 - exam.boots - self._steps_before)

    def started(self) -> None:
        """Say so in the journal. When the flash refuses, `tick` tries again: the exam was paid for and goes on."""
        exam = self._journal.state.exam
        if exam is None:
            return
        try:
            self._journal.append(codec.STARTED, exam.batch, exam.credit)
        except Refused:
            pass  # storage is short or ailing; state.exam.started stays False

    def resume(self, counted: bool) -> None:
        """After power came back; ``counted`` = the journal took this start. What nobody counts could go on for ever."""
        exam = self._journal.state.exam
        if exam is None or not counted:
            return
        if exam.boots + self._journal.steps > STEPS:
            self.end()
            return
        self.grant()
        if not exam.started:
            self.started()

    def end(self) -> int:
        """Relay off, ENDED; gives its seq. Raises Refused when no exam is running."""
        self._relay(False)
        self._on = False
        exam = self._journal.state.exam
        if exam is None:
            raise Refused(reasons.NOT_INITIALISED, detail="no exam is running")
        return self._journal.append(codec.ENDED, exam.batch, exam.credit)

    def tick(self) -> bool:
        """Call it now and then. True when an exam's time was up."""
        exam = self._journal.state.exam
        if exam is None:
            return False
        if self._on and not exam.started:
            self.started()
        self._clock.tick()
        elapsed_ms = self._clock.uptime_ms - self._granted_ms
        if elapsed_ms >= self._steps_left * self._step_ms:
            self.end()
            return True
        if self._on:
            self._mark(min((elapsed_ms + _AHEAD_MS) // self._step_ms, self._steps_left - 1))
        return False

    def _mark(self, begun: int) -> None:
        """So many steps after the first have begun since the grant, or are about to."""
        if self._steps_before + begun > self._journal.steps:
            self._journal.mark_step(self._steps_before + begun)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
