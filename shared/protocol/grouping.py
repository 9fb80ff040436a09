"""Journal entries in the groups that the stream of bits knows (entries.py): exams, ends of exams, single entries.

An exam of four entries is one small tuple here, so a machine that gathers a report needs little memory for it.
"""

from protocol.journal import DEBIT, ENDED, INTENT, STARTED, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    Exam = tuple[int, int, int, int, int, int]
    Group = Exam | Entry

EXAM_KINDS = (INTENT, DEBIT, STARTED, ENDED)
WORD = 0xFFFFFFFF  # a 32-bit number, as bits.py
RUNNING = -1  # in place of the duration of an exam that has not ended

# Places in an exam
TIME = 0  # of INTENT
DEBIT_LAG = 1  # seconds from INTENT to DEBIT, modulo 2^32, as the next two
START_LAG = 2  # from DEBIT to STARTED
DURATION = 3  # from STARTED to ENDED, or RUNNING
BATCH = 4
CREDIT = 5


class Groups:
    """Groups of entries that follow one another. Entries are added one at a time."""

    def __init__(self) -> None:
        self.list: list[Group] = []
        self.clock = 0  # of the first entry
        self._count = 0  # entries in the list
        self._open: list[Entry] = []  # the beginning of an exam, as far as it has come
        self._last_clock = 0  # of the group before

    def __len__(self) -> int:
        """How many entries."""
        return self._count + len(self._open)

    def add(self, entry: Entry) -> None:
        if not self._count and not self._open:
            self.clock = self._last_clock = entry.clock
        while self._open and not self._continues(entry):
            self._shorten()
        if self._open or self._begins(entry):
            self._open.append(entry)
            if len(self._open) == len(EXAM_KINDS):
                self._put_exam()
        else:
            self._put(entry)

    def first(self, count: int) -> "Groups":
        """The groups of so many entries, the first ones. An exam that is cut gives what its entries would give."""
        part = Groups()
        part.clock = part._last_clock = self.clock
        for group in self.list:
            whole = entries_in(group)
            if part._count + whole > count:
                part._add_beginning(group, count - part._count)
                return part
            part._put(group, whole)
        for entry in self._open[: count - part._count]:
            part.add(entry)
        return part

    def closed(self) -> "list[Group]":
        """All groups; an exam that has not ended counts as it is."""
        found = self.list[:]
        if len(self._open) == 3:
            found.append(_exam(self._open))
        else:
            found.extend(self._open)
        return found

    def _begins(self, entry: Entry) -> bool:
        return entry.kind == INTENT and entry.clock == self._last_clock and not entry.detail

    def _continues(self, entry: Entry) -> bool:
        first = self._open[0]
        same = entry.batch == first.batch and entry.credit == first.credit and entry.clock == first.clock
        return entry.kind == EXAM_KINDS[len(self._open)] and same and not entry.detail

    def _shorten(self) -> None:
        """What is open goes no further: it is an exam that runs, or its first entry stands alone."""
        if len(self._open) == 3:
            self._put_exam()
        else:
            self._put(self._open.pop(0))
            # What follows an INTENT that stands alone is a DEBIT at most, and none of these begins an exam.
            while self._open:
                self._put(self._open.pop(0))

    def _put_exam(self) -> None:
        self._put(_exam(self._open), len(self._open))
        self._open = []

    def _put(self, group: "Group", count: int = 1) -> None:
        self.list.append(group)
        self._count += count
        if isinstance(group, Entry):
            self._last_clock = group.clock

    def _add_beginning(self, group: "Group", count: int) -> None:
        """``count`` entries of an exam that has more."""
        if isinstance(group, Entry):
            return
        time, debit_lag, start_lag, _, batch, credit = group
        times = (time, time + debit_lag & WORD, time + debit_lag + start_lag & WORD)
        for kind, moment in zip(EXAM_KINDS[:count], times):  # noqa: B905 (MicroPython's zip has no strict)
            self.add(Entry(0, kind, moment, self._last_clock, batch, credit))


def entries_in(group: "Group") -> int:
    """How many entries a group stands for."""
    if isinstance(group, Entry):
        return 1
    return 3 if group[DURATION] == RUNNING else 4


def _exam(found: list[Entry]) -> "Exam":
    first, debit, start = found[:3]
    duration = found[3].time - start.time & WORD if len(found) > 3 else RUNNING
    return (
        first.time,
        debit.time - first.time & WORD,
        start.time - debit.time & WORD,
        duration,
        first.batch,
        first.credit,
    )
