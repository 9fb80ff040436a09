"""Journal entries as a stream of bits: an exam in about three bytes, everything else without loss.

Law: the stream is HEADER, then one of TOKENS after the other (entries_reader.py); neither changes. Another layout
gets another report version. All differences are taken modulo 2^32, so any 32-bit value can follow any other. Running
state, known on both sides: the time, clock, batch and credit of what came before.
"""

from protocol.bits import RICE_ORDER_BITS, WORD, BitWriter, golomb_bits, rice_bits
from protocol.errors import TooLong
from protocol.grouping import BATCH, CREDIT, DEBIT_LAG, DURATION, RUNNING, START_LAG, TIME, Groups
from protocol.journal import ENDED, Entry
from protocol.slices import finished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from protocol.grouping import Exam, Group

MAX_ENTRIES = 256
GROUPS_A_SLICE = 12

# Orders of the exp-Golomb codes.
COUNT_ORDER = 5
FLOOR_ORDER = 6
CREDIT_ORDER = 2
KIND_ORDER = 2
DELAY_ORDER = 4
LAG_ORDER = 0


class State:
    def __init__(self, time: int, clock: int, batch: int, credit: int) -> None:
        self.time = time
        self.clock = clock
        self.batch = batch
        self.credit = credit


class Series:
    """How one series of differences is coded: those that all share are taken off, the rest is Rice coded."""

    def __init__(self, order: int, floor: int) -> None:
        self.order = order
        self.floor = floor

    @staticmethod
    def fitting(values: list[int]) -> "Generator[None, None, Series]":
        """The series that codes these values with the fewest bits."""
        best, best_bits = Series(0, 0), 1 << 30
        for floor in (0, min(values)) if values else ():
            for order in range(1 << RICE_ORDER_BITS):
                bits = golomb_bits(floor, FLOOR_ORDER)
                for value in values:
                    bits += rice_bits(value - floor, order)
                if bits < best_bits:
                    best, best_bits = Series(order, floor), bits
            yield
        return best

    def write(self, writer: BitWriter, difference: int) -> None:
        writer.rice(difference - self.floor & WORD, self.order)


def encode(entries: list[Entry]) -> bytes:
    """The entries' numbers (seq) are not in here: they follow from the report's first one."""
    return finished(encoding(gathered(entries)))


def gathered(entries: list[Entry]) -> Groups:
    """The entries in their groups. Whatever no entry may hold is refused here."""
    groups = Groups()
    for entry in entries:
        entry.encode()
        groups.add(entry)
    return groups


def encoding(found: Groups) -> "Generator[None, None, bytes]":
    """The stream, in slices of a few groups."""
    if len(found) > MAX_ENTRIES:
        raise TooLong("more than %d entries in one report" % MAX_ENTRIES)
    if not len(found):
        return b""
    groups = found.closed()
    gap_values, duration_values = _differences(groups)
    gaps = yield from Series.fitting(gap_values)
    durations = yield from Series.fitting(duration_values)
    state = _start(groups, found.clock, gaps)
    writer = BitWriter()
    writer.golomb(len(found), COUNT_ORDER)
    writer.write(state.clock, 2)
    writer.write(state.time, 32)
    writer.number(state.batch)
    writer.number(state.credit)
    for series in (gaps, durations):
        writer.write(series.order, RICE_ORDER_BITS)
        writer.golomb(series.floor, FLOOR_ORDER)
    for place, group in enumerate(groups):
        if place % GROUPS_A_SLICE == 0:
            yield
        _write_group(writer, state, group, gaps, durations)
    return writer.bytes_()


def _differences(groups: "list[Group]") -> tuple[list[int], list[int]]:
    """The gaps before exams and the exams' durations."""
    gaps, durations = [], []
    time = _time_of(groups[0])
    for index, group in enumerate(groups):
        if isinstance(group, Entry):
            if group.kind == ENDED:
                durations.append(group.time - time & WORD)
        else:
            if index:
                gaps.append(group[TIME] - time & WORD)
            if group[DURATION] != RUNNING:
                durations.append(group[DURATION])
        time = _end_of(group)
    return gaps, durations


def _start(groups: "list[Group]", clock: int, gaps: Series) -> State:
    """What came before the first entry, chosen so that the first exam costs least."""
    first = groups[0]
    time = first.time if isinstance(first, Entry) else first[TIME] - gaps.floor & WORD
    for group in groups:
        if not isinstance(group, Entry):
            return State(time, clock, group[BATCH], group[CREDIT] - 1 & WORD)
    assert isinstance(first, Entry)
    return State(time, clock, first.batch, first.credit)


def _time_of(group: "Group") -> int:
    return group.time if isinstance(group, Entry) else group[TIME]


def _end_of(group: "Group") -> int:
    """The time of the group's last entry."""
    if isinstance(group, Entry):
        return group.time
    started = group[TIME] + group[DEBIT_LAG] + group[START_LAG]
    return (started if group[DURATION] == RUNNING else started + group[DURATION]) & WORD


def _write_group(writer: BitWriter, state: State, group: "Group", gaps: Series, durations: Series) -> None:
    if not isinstance(group, Entry):
        _write_exam(writer, state, group, gaps, durations)
    elif _is_end(group, state):
        writer.write(0b110, 3)
        durations.write(writer, group.time - state.time)
    else:
        _write_any(writer, state, group)
    state.time = _end_of(group)


def _is_end(entry: Entry, state: State) -> bool:
    same = entry.batch == state.batch and entry.credit == state.credit and entry.clock == state.clock
    return entry.kind == ENDED and same and not entry.detail


def _write_exam(writer: BitWriter, state: State, exam: "Exam", gaps: Series, durations: Series) -> None:
    batch, credit = exam[BATCH], exam[CREDIT]
    step = credit - state.credit - 1 & WORD
    ended = exam[DURATION] != RUNNING
    if ended and step == 0 and batch == state.batch:
        writer.write(0, 1)
    else:
        writer.write(0b100 | ended, 3)
        if batch == state.batch:
            writer.write(0, 1)
            writer.golomb(_zigzag(step), CREDIT_ORDER)
        else:
            writer.write(1, 1)
            writer.number(batch)
            writer.number(credit)
    gaps.write(writer, exam[TIME] - state.time)
    lags = (exam[DEBIT_LAG], exam[START_LAG])
    writer.write(1 if any(lags) else 0, 1)
    if any(lags):
        writer.golomb(lags[0], LAG_ORDER)
        writer.golomb(lags[1], LAG_ORDER)
    if ended:
        durations.write(writer, exam[DURATION])
    state.batch, state.credit = batch, credit


def _write_any(writer: BitWriter, state: State, entry: Entry) -> None:
    writer.write(0b111, 3)
    writer.golomb(entry.kind - 1, KIND_ORDER)
    writer.golomb(entry.time - state.time & WORD, DELAY_ORDER)
    if entry.clock == state.clock:
        writer.write(0, 1)
    else:
        writer.write(0b100 | entry.clock, 3)
        state.clock = entry.clock
    _write_subject(writer, state, entry)
    if entry.detail:
        writer.write(1 << 4 | len(entry.detail) - 1, 5)
        for byte in entry.detail:
            writer.write(byte, 8)
    else:
        writer.write(0, 1)


def _write_subject(writer: BitWriter, state: State, entry: Entry) -> None:
    if entry.batch == 0 and entry.credit == 0:
        writer.write(0, 1)
    elif entry.batch == state.batch and entry.credit == state.credit:
        writer.write(0b10, 2)
    else:
        writer.write(0b11, 2)
        writer.number(entry.batch)
        writer.number(entry.credit)
        state.batch, state.credit = entry.batch, entry.credit


def _zigzag(step: int) -> int:
    """A 32-bit difference, small in either direction, as a small number: 0, -1, 1, -2, ..."""
    return (step << 1 & WORD) ^ (WORD if step >> 31 else 0)
