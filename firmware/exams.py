"""The running exam: the relay is on only while the journal says that somebody paid and that it has not ended.

Everything here follows from the journal's state, so a start after a power cut is nothing special: an exam that was
debited and never started is granted (again), one that was running goes on, a few times; nobody gets an endless exam
for one credit by pulling the plug.
"""

from clock import Clock
from errors import Refused
from journal import Journal
from protocol import journal as codec
from protocol import reasons

RESUMES_MAX = 3  # power losses that one running exam survives


class Exams:
    """Relay and journal entries of the exam. ``relay(on)`` switches it."""

    def __init__(self, journal: Journal, clock: Clock, relay: "Callable[[bool], None]", exam_s: int) -> None:
        self._journal = journal
        self._clock = clock
        self._relay = relay
        self._exam_ms = exam_s * 1000
        self._granted_ms = 0

    def grant(self) -> None:
        """Relay on. Only the journal's DEBIT makes it so."""
        if self._journal.state.exam is None:
            raise Refused(reasons.NOT_INITIALISED)
        self._relay(True)
        self._clock.tick()
        self._granted_ms = self._clock.uptime_ms

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
        if exam.started and exam.boots > RESUMES_MAX:
            self.end()
            return
        self.grant()
        if not exam.started:
            self.started()

    def end(self) -> int:
        """Relay off, ENDED; gives its seq. Raises Refused when no exam is running."""
        self._relay(False)
        exam = self._journal.state.exam
        if exam is None:
            raise Refused(reasons.NOT_INITIALISED, detail="no exam is running")
        return self._journal.append(codec.ENDED, exam.batch, exam.credit)

    def tick(self) -> bool:
        """Call it now and then. True when an exam's time was up."""
        exam = self._journal.state.exam
        if exam is None:
            return False
        if not exam.started:
            self.started()
        self._clock.tick()
        if self._clock.uptime_ms - self._granted_ms < self._exam_ms:
            return False
        self.end()
        return True


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
