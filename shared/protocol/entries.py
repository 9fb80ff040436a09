"""Journal entries as a stream of bits: an exam in about three bytes, everything else without loss.

Law: the stream's layout is HEADER, then TOKENS; neither changes. Another layout gets another report version. All
differences are taken modulo 2^32, so any 32-bit value can follow any other. Running state, known on both sides:
the time, clock, batch and credit of what came before.
"""

from protocol.bits import RICE_ORDER_BITS, WORD, BitReader, BitWriter, golomb_bits, rice_bits
from protocol.errors import Malformed, OutOfRange, TooLong
from protocol.journal import CLOCK_TRUSTED, DEBIT, ENDED, INTENT, MAX_DETAIL_BYTES, STARTED, Entry

MAX_ENTRIES = 256
MAX_STREAM_BYTES = 12288

# Orders of the exp-Golomb codes.
COUNT_ORDER = 5
FLOOR_ORDER = 6
CREDIT_ORDER = 2
KIND_ORDER = 2
DELAY_ORDER = 4
LAG_ORDER = 0

# name, code, what it is: read and written in this order; docs/formats.md prints it.
HEADER = (
    ("count", "exp-Golomb 5", "how many entries"),
    ("clock", "2 bits", "clock of what came before"),
    ("time", "32 bits", "time of what came before (the first time less gap_floor, if an exam is first)"),
    ("batch", "number", "batch of what came before"),
    ("credit", "number", "credit of what came before (the first exam's less 1)"),
    ("gap_order", "4 bits", "Rice order of the gaps"),
    ("gap_floor", "exp-Golomb 6", "taken off every gap"),
    ("duration_order", "4 bits", "Rice order of the durations"),
    ("duration_floor", "exp-Golomb 6", "taken off every duration"),
)
TOKENS = (
    ("0", "exam of the next credit", "gap, lags, duration"),
    ("10", "exam", "1 bit: ended; 1 bit: other batch; credit; gap, lags, duration if ended"),
    ("110", "end of the exam before", "duration"),
    ("111", "any entry", "kind, delay, clock, subject, detail"),
)
TOKEN_FIELDS = (
    ("gap", "Rice", "seconds from what came before to INTENT, less gap_floor"),
    ("lags", "0 or 1 and twice exp-Golomb 0", "seconds from INTENT to DEBIT and from DEBIT to STARTED; 0 = none"),
    ("duration", "Rice", "seconds from STARTED to ENDED, less duration_floor"),
    ("credit", "exp-Golomb 2", "same batch: step from the credit before less 1, zigzag"),
    ("credit", "number, number", "other batch: the batch, the credit"),
    ("kind", "exp-Golomb 2", "the entry's kind less 1"),
    ("delay", "exp-Golomb 4", "seconds from what came before"),
    ("clock", "0 or 1 and 2 bits", "0 = as before; else the new one"),
    ("subject", "0, 10 or 11 and number, number", "no batch and credit; as before; a batch and a credit"),
    ("detail", "0 or 1, 4 bits and bytes", "none; else its length less 1, and it"),
)

EXAM_KINDS = (INTENT, DEBIT, STARTED, ENDED)


class _State:
    def __init__(self, time: int, clock: int, batch: int, credit: int) -> None:
        self.time = time
        self.clock = clock
        self.batch = batch
        self.credit = credit


class _Series:
    """How one series of differences is coded: those that all share are taken off, the rest is Rice coded."""

    def __init__(self, order: int, floor: int) -> None:
        self.order = order
        self.floor = floor

    @staticmethod
    def fitted(values: list[int]) -> "_Series":
        best, best_bits = _Series(0, 0), 1 << 30
        floors = [0, min(values)] if values else []
        for floor in floors:
            rest = [value - floor for value in values]
            for order in range(1 << RICE_ORDER_BITS):
                bits = golomb_bits(floor, FLOOR_ORDER) + sum([rice_bits(value, order) for value in rest])
                if bits < best_bits:
                    best, best_bits = _Series(order, floor), bits
        return best

    def write(self, writer: BitWriter, difference: int) -> None:
        writer.rice(difference - self.floor & WORD, self.order)

    def read(self, reader: BitReader) -> int:
        return reader.rice(self.order) + self.floor & WORD


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


def decode(data: bytes, first_seq: int) -> list[Entry]:
    if not data:
        return []
    if len(data) > MAX_STREAM_BYTES:
        raise TooLong("more than %d bytes of entries" % MAX_STREAM_BYTES)
    reader = BitReader(data)
    count = reader.golomb(COUNT_ORDER)
    if count > MAX_ENTRIES:
        raise TooLong("more than %d entries in one report" % MAX_ENTRIES)
    if count == 0 or first_seq + count - 1 > WORD:
        raise OutOfRange("no such number of entries")
    clock, time = _clock(reader.read(2)), reader.read(32)
    state = _State(time, clock, reader.number(), reader.number())
    gaps = _Series(reader.read(RICE_ORDER_BITS), reader.golomb(FLOOR_ORDER))
    durations = _Series(reader.read(RICE_ORDER_BITS), reader.golomb(FLOOR_ORDER))
    entries: list[Entry] = []
    while len(entries) < count:
        _read_group(reader, state, first_seq + len(entries), entries, gaps, durations)
    if len(entries) != count:
        raise Malformed("the last exam has more entries than the report")
    reader.finish()
    return entries


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


def _fitted(groups: list[list[Entry]], time: int) -> tuple[_Series, _Series]:
    """The best codes for the gaps before exams and for the exams' durations."""
    gaps, durations = [], []
    for index, group in enumerate(groups):
        if len(group) >= 3 and index:
            gaps.append(group[0].time - time & WORD)
        if len(group) == 4 or group[0].kind == ENDED:
            durations.append(group[-1].time - (group[-2].time if len(group) == 4 else time) & WORD)
        time = group[-1].time
    return _Series.fitted(gaps), _Series.fitted(durations)


def _start(groups: list[list[Entry]], gaps: _Series) -> _State:
    """What came before the first entry, chosen so that the first exam costs least."""
    first = groups[0][0]
    time = first.time - gaps.floor & WORD if len(groups[0]) >= 3 else first.time
    for group in groups:
        if len(group) >= 3:
            return _State(time, first.clock, group[0].batch, group[0].credit - 1 & WORD)
    return _State(time, first.clock, first.batch, first.credit)


def _write_group(writer: BitWriter, state: _State, group: list[Entry], gaps: _Series, durations: _Series) -> None:
    if len(group) >= 3:
        _write_exam(writer, state, group, gaps, durations)
    elif _is_end(group[0], state):
        writer.write(0b110, 3)
        durations.write(writer, group[0].time - state.time)
    else:
        _write_any(writer, state, group[0])
    state.time = group[-1].time


def _is_end(entry: Entry, state: _State) -> bool:
    same = entry.batch == state.batch and entry.credit == state.credit and entry.clock == state.clock
    return entry.kind == ENDED and same and not entry.detail


def _write_exam(writer: BitWriter, state: _State, exam: list[Entry], gaps: _Series, durations: _Series) -> None:
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


def _write_any(writer: BitWriter, state: _State, entry: Entry) -> None:
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


def _write_subject(writer: BitWriter, state: _State, entry: Entry) -> None:
    if entry.batch == 0 and entry.credit == 0:
        writer.write(0, 1)
    elif entry.batch == state.batch and entry.credit == state.credit:
        writer.write(0b10, 2)
    else:
        writer.write(0b11, 2)
        writer.number(entry.batch)
        writer.number(entry.credit)
        state.batch, state.credit = entry.batch, entry.credit


def _read_group(
    reader: BitReader, state: _State, seq: int, entries: list[Entry], gaps: _Series, durations: _Series
) -> None:
    """Append what the next token says."""
    if not reader.read(1):
        state.credit = state.credit + 1 & WORD
        _read_exam(reader, state, seq, entries, True, gaps, durations)
    elif not reader.read(1):
        ended = reader.read(1) == 1
        if reader.read(1):
            state.batch, state.credit = reader.number(), reader.number()
        else:
            state.credit = state.credit + 1 + _unzigzag(reader.golomb(CREDIT_ORDER)) & WORD
        _read_exam(reader, state, seq, entries, ended, gaps, durations)
    elif not reader.read(1):
        state.time = state.time + durations.read(reader) & WORD
        entries.append(Entry(seq, ENDED, state.time, state.clock, state.batch, state.credit))
    else:
        entries.append(_read_any(reader, state, seq))


def _read_exam(
    reader: BitReader,
    state: _State,
    seq: int,
    entries: list[Entry],
    ended: bool,
    gaps: _Series,
    durations: _Series,
) -> None:
    delays = [gaps.read(reader), 0, 0]
    if reader.read(1):
        delays[1], delays[2] = reader.golomb(LAG_ORDER), reader.golomb(LAG_ORDER)
    if ended:
        delays.append(durations.read(reader))
    for index, delay in enumerate(delays):
        state.time = state.time + delay & WORD
        entries.append(Entry(seq + index, EXAM_KINDS[index], state.time, state.clock, state.batch, state.credit))


def _read_any(reader: BitReader, state: _State, seq: int) -> Entry:
    kind = reader.golomb(KIND_ORDER) + 1
    if kind > 255:
        raise OutOfRange("an entry's kind is one byte")
    state.time = state.time + reader.golomb(DELAY_ORDER) & WORD
    if reader.read(1):
        state.clock = _clock(reader.read(2))
    batch = credit = 0
    if reader.read(1):
        if reader.read(1):
            state.batch, state.credit = reader.number(), reader.number()
        batch, credit = state.batch, state.credit
    length = reader.read(4) + 1 if reader.read(1) else 0
    detail = reader.read(8 * length).to_bytes(length, "big") if length else b""
    return Entry(seq, kind, state.time, state.clock, batch, credit, detail)


def _clock(value: int) -> int:
    if value > CLOCK_TRUSTED:
        raise OutOfRange("clock is 0, 1 or 2")
    return value


def _zigzag(step: int) -> int:
    """A 32-bit difference, small in either direction, as a small number: 0, -1, 1, -2, ..."""
    return (step << 1 & WORD) ^ (WORD if step >> 31 else 0)


def _unzigzag(value: int) -> int:
    return value >> 1 ^ (WORD if value & 1 else 0)


assert MAX_DETAIL_BYTES == 1 << 4  # noqa: S101 (the detail's length has four bits)
