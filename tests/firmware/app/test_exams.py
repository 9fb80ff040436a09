"""An exam after a power loss: it goes on only while the journal can still count how often that happened."""

from errors import StorageFailed
from exams import Exams
from state import Exam


class Clock:
    uptime_ms = 0

    def tick(self):
        pass


class AilingJournal:
    """Its flash can be read and not be written."""

    def __init__(self, started):
        self.state = self
        self.exam = Exam(7, 1000, 3, 0)
        self.exam.started = started

    def append(self, kind, batch=0, credit=0, detail=b""):
        raise StorageFailed("flash error 5")


def _resumed(started, counted):
    levels = []
    exams = Exams(AilingJournal(started), Clock(), levels.append, 60)
    exams.resume(counted)
    return levels


def test_a_start_that_the_journal_counted_goes_on():
    assert _resumed(started=True, counted=True) == [True]
    assert _resumed(started=False, counted=True) == [True]


def test_a_start_that_nobody_counts_enables_nothing():
    assert _resumed(started=True, counted=False) == []
    assert _resumed(started=False, counted=False) == []
