"""Journal entries as a stream of bits: an exam in about three bytes, everything else without loss.

Law: the stream is HEADER, then one of TOKENS after the other (entries_reader.py); neither changes. Another layout
gets another report version. All differences are taken modulo 2^32, so any 32-bit value can follow any other. Running
state, known on both sides: the time, clock, batch and credit of what came before.
"""

from protocol.bits import RICE_ORDER_BITS, WORD, BitWriter, golomb_bits, rice_bits
from protocol.errors import TooLong
from protocol.journal import DEBIT, ENDED, INTENT, STARTED, Entry

MAX_ENTRIES = 256

# Orders of the exp-Golomb codes.
COUNT_ORDER = 5
FLOOR_ORDER = 6
CREDIT_ORDER = 2
KIND_ORDER = 2
DELAY_ORDER = 4
LAG_ORDER = 0

EXAM_KINDS = (INTENT, DEBIT, STARTED, ENDED)


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
    def fitted(values: list[int]) -> "Series":
        best, best_bits = Series(0, 0), 1 << 30
        for floor in (0, min(values)) if values else ():
            for order in range(1 << RICE_ORDER_BITS):
                bits = golomb_bits(floor, FLOOR_ORDER)
                for value in values:
                    bits += rice_bits(value - floor, order)
                if bits < best_bits:
                    best, best_bits = Series(order, floor), bits
        return best

    def write(self, writer: BitWriter, difference: int) -> None:
        writer.rice(difference - self.floor & WORD, self.order)


def encode(entries: list[Entry]) -> bytes:
    """The entries' numbers (seq) are not in here: they follow from the report's first one."""
    if len(entries) > MAX_ENTRIES:
        raise TooLong("more than %d entries in one report" % MAX_ENTRIES)
    if not entries:
        return b""
    for entry in entries:
        entry.encode()  # whatever no entry may hold is refused here
    groups = _grouped(entries)
    gaps, durations = _fitted(groups, entries[0].time)
    state = _start(groups, gaps)
    writer = BitWriter()
    writer.golomb(len(entries), COUNT_ORDER)
    writer.write(state.clock, 2)
    writer.write(state.time, 32)
    writer.number(state.batch)
    writer.number(state.credit)
    for series in (gaps, durations):
        writer.write(series.order, RICE_ORDER_BITS)
        writer.golomb(series.floor, FLOOR_ORDER)
    for group in groups:
        _write_group(writer, state, group, gaps, durations)
    return writer.bytes_()


def _grouped(entries: list[Entry]) -> list[list[Entry]]:
    """Split into exams (four entries, or three while it runs), ends of exams, and single entries."""
    groups: list[list[Entry]] = []
    clock = entries[0].clock
    start = 0
    while start < len(entries):
        length = _exam_length(entries, start, clock)
        group = entries[start : start + max(1, length)]
        groups.append(group)
        start += len(group)
        clock = group[0].clock
    return groups


def _exam_length(entries: list[Entry], start: int, clock: int) -> int:
    """4 or 3 when the entries from start on are one exam that a token can say, else 0."""
    first = entries[start]
    length = 0
    for entry in entries[start : start + 4]:
        same = entry.batch == first.batch and entry.credit == first.credit and entry.clock == clock
        if entry.kind != EXAM_KINDS[length] or not same or entry.detail:
            break
        length += 1
    return length if length >= 3 else 0


def _fitted(groups: list[list[Entry]], time: int) -> tuple[Series, Series]:
    """The best codes for the gaps before exams and for the exams' durations."""
    gaps, durations = [], []
    for index, group in enumerate(groups):
        if len(group) >= 3 and index:
            gaps.append(group[0].time - time & WORD)
        if len(group) == 4 or group[0].kind == ENDED:
            durations.append(group[-1].time - (group[-2].time if len(group) == 4 else time) & WORD)
        time = group[-1].time
    return Series.fitted(gaps), Series.fitted(durations)


def _start(groups: list[list[Entry]], gaps: Series) -> State:
    """What came before the first entry, chosen so that the first exam costs least."""
    first = groups[0][0]
    time = first.time - gaps.floor & WORD if len(groups[0]) >= 3 else first.time
    for group in groups:
        if len(group) >= 3:
            return State(time, first.clock, group[0].batch, group[0].credit - 1 & WORD)
    return State(time, first.clock, first.batch, first.credit)


def _write_group(writer: BitWriter, state: State, group: list[Entry], gaps: Series, durations: Series) -> None:
    if len(group) >= 3:
        _write_exam(writer, state, group, gaps, durations)
    elif _is_end(group[0], state):
        writer.write(0b110, 3)
        durations.write(writer, group[0].time - state.time)
    else:
        _write_any(writer, state, group[0])
    state.time = group[-1].time


def _is_end(entry: Entry, state: State) -> bool:
    same = entry.batch == state.batch and entry.credit == state.credit and entry.clock == state.clock
    return entry.kind == ENDED and same and not entry.detail


def _write_exam(writer: BitWriter, state: State, exam: list[Entry], gaps: Series, durations: Series) -> None:
    first = exam[0]
    step = first.credit - state.credit - 1 & WORD
    ended = len(exam) == 4
    if ended and step == 0 and first.batch == state.batch:
        writer.write(0, 1)
    else:
        writer.write(0b100 | ended, 3)
        if first.batch == state.batch:
            writer.write(0, 1)
            writer.golomb(_zigzag(step), CREDIT_ORDER)
        else:
            writer.write(1, 1)
            writer.number(first.batch)
            writer.number(first.credit)
    gaps.write(writer, first.time - state.time)
    lags = (exam[1].time - first.time & WORD, exam[2].time - exam[1].time & WORD)
    writer.write(1 if any(lags) else 0, 1)
    if any(lags):
        writer.golomb(lags[0], LAG_ORDER)
        writer.golomb(lags[1], LAG_ORDER)
    if ended:
        durations.write(writer, exam[3].time - exam[2].time)
    state.batch, state.credit = first.batch, first.credit


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
