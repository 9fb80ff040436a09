"""Reading the stream that entries.py writes. Only the receiver of reports loads this.

Law: HEADER and TOKENS are the layout; the reader is made of them and docs/formats.md prints them.
"""

from protocol.bit_reader import BitReader
from protocol.bits import RICE_ORDER_BITS, WORD
from protocol.entries import (
    COUNT_ORDER,
    CREDIT_ORDER,
    DELAY_ORDER,
    FLOOR_ORDER,
    KIND_ORDER,
    LAG_ORDER,
    MAX_ENTRIES,
    Series,
    State,
)
from protocol.errors import Malformed, OutOfRange, TooLong
from protocol.grouping import EXAM_KINDS
from protocol.journal import CLOCK_TRUSTED, ENDED, Entry

MAX_STREAM_BYTES = 12288

BITS = "bits"
GOLOMB = "exp-Golomb"
NUMBER = "number"

HEADER = (
    ("count", GOLOMB, COUNT_ORDER),  # how many entries
    ("clock", BITS, 2),  # clock of what came before
    ("time", BITS, 32),  # time of what came before: the first entry's, less gap_floor if an exam is first
    ("batch", NUMBER, 0),  # batch of what came before
    ("credit", NUMBER, 0),  # credit of what came before: the first exam's less 1
    ("gap_order", BITS, RICE_ORDER_BITS),  # Rice order of the gaps
    ("gap_floor", GOLOMB, FLOOR_ORDER),  # taken off every gap
    ("duration_order", BITS, RICE_ORDER_BITS),  # Rice order of the durations
    ("duration_floor", GOLOMB, FLOOR_ORDER),  # taken off every duration
)


class _Reading:
    """What the tokens need besides the bits: the running state and the two series."""

    def __init__(self, reader: BitReader, first_seq: int) -> None:
        self.bits = reader
        self.first_seq = first_seq
        self.entries: list[Entry] = []
        head = {name: _header_value(reader, code, order) for name, code, order in HEADER}
        self.count = head["count"]
        self.state = State(head["time"], _clock(head["clock"]), head["batch"], head["credit"])
        self.gaps = Series(head["gap_order"], head["gap_floor"])
        self.durations = Series(head["duration_order"], head["duration_floor"])

    def difference(self, series: Series) -> int:
        return self.bits.rice(series.order) + series.floor & WORD

    def add(self, kind: int, delay: int) -> None:
        """An entry about the running state's batch and credit, some seconds later."""
        state = self.state
        state.time = state.time + delay & WORD
        seq = self.first_seq + len(self.entries)
        self.entries.append(Entry(seq, kind, state.time, state.clock, state.batch, state.credit))


def decode(data: bytes, first_seq: int) -> list[Entry]:
    if not data:
        return []
    if len(data) > MAX_STREAM_BYTES:
        raise TooLong("more than %d bytes of entries" % MAX_STREAM_BYTES)
    bits = BitReader(data)
    reading = _Reading(bits, first_seq)
    if reading.count > MAX_ENTRIES:
        raise TooLong("more than %d entries in one report" % MAX_ENTRIES)
    if reading.count == 0 or first_seq + reading.count - 1 > WORD:
        raise OutOfRange("no such number of entries")
    while len(reading.entries) < reading.count:
        _read_token(reading)
    if len(reading.entries) != reading.count:
        raise Malformed("the last exam has more entries than the report")
    bits.finish()
    return reading.entries


def _next_exam(reading: _Reading) -> None:
    """gap (Rice), lags, duration (Rice); the credit is the one before plus 1, the batch the same."""
    reading.state.credit = reading.state.credit + 1 & WORD
    _exam(reading, True)


def _any_exam(reading: _Reading) -> None:
    """one bit: has it ended; one bit: another batch; then 0: step of the credit less 1 as zigzag (exp-Golomb 2),
    1: batch and credit (numbers); then gap (Rice), lags, and duration (Rice) if it has ended."""
    ended = reading.bits.read(1) == 1
    state = reading.state
    if reading.bits.read(1):
        state.batch, state.credit = reading.bits.number(), reading.bits.number()
    else:
        state.credit = state.credit + 1 + _unzigzag(reading.bits.golomb(CREDIT_ORDER)) & WORD
    _exam(reading, ended)


def _end(reading: _Reading) -> None:
    """duration (Rice), counted from the entry before; ENDED of the batch and credit before."""
    reading.add(ENDED, reading.difference(reading.durations))


def _any_entry(reading: _Reading) -> None:
    """kind less 1 (exp-Golomb 2); seconds since the entry before (exp-Golomb 4); clock: 0 as before, else 1 and two
    bits; subject: 0 none, 10 as before, 11 batch and credit (numbers); detail: 0 none, else 1, four bits with its
    bytes less 1, and those bytes."""
    bits, state = reading.bits, reading.state
    kind = bits.golomb(KIND_ORDER) + 1
    if kind > 255:
        raise OutOfRange("an entry's kind is one byte")
    delay = bits.golomb(DELAY_ORDER)
    if bits.read(1):
        state.clock = _clock(bits.read(2))
    subject = bits.read(1)
    if subject and bits.read(1):
        state.batch, state.credit = bits.number(), bits.number()
    length = bits.read(4) + 1 if bits.read(1) else 0
    reading.add(kind, delay)
    entry = reading.entries[-1]
    entry.detail = bits.read(8 * length).to_bytes(length, "big") if length else b""
    if not subject:
        entry.batch = entry.credit = 0


# What begins with this many ones (and a zero, unless it is the last).
TOKENS = (
    ("0", "an exam of the next credit", _next_exam),
    ("10", "an exam", _any_exam),
    ("110", "the end of the exam before", _end),
    ("111", "any entry", _any_entry),
)


def _read_token(reading: _Reading) -> None:
    ones = 0
    while ones < len(TOKENS) - 1 and reading.bits.read(1):
        ones += 1
    TOKENS[ones][2](reading)


def _exam(reading: _Reading, ended: bool) -> None:
    """INTENT, DEBIT, STARTED, and ENDED. Lags: 0, or 1 and the seconds from INTENT to DEBIT and from DEBIT to
    STARTED (exp-Golomb 0 each)."""
    delays = [reading.difference(reading.gaps), 0, 0]
    if reading.bits.read(1):
        delays[1], delays[2] = reading.bits.golomb(LAG_ORDER), reading.bits.golomb(LAG_ORDER)
    if ended:
        delays.append(reading.difference(reading.durations))
    for index, delay in enumerate(delays):
        reading.add(EXAM_KINDS[index], delay)


def _header_value(bits: BitReader, code: str, order: int) -> int:
    if code == GOLOMB:
        return bits.golomb(order)
    return bits.number() if code == NUMBER else bits.read(order)


def _clock(value: int) -> int:
    if value > CLOCK_TRUSTED:
        raise OutOfRange("clock is 0, 1 or 2")
    return value


def _unzigzag(value: int) -> int:
    return value >> 1 ^ (WORD if value & 1 else 0)
