"""One entry of a machine's journal, and the chain of MACs that binds each entry to all before it.

Law: FIELDS never change. A kind's number is never reused; kinds are only ever appended. An entry of a kind that
the reader does not know is kept and passed on, so that an old back office loses nothing of a new machine.
"""

from protocol.errors import Malformed, OutOfRange, TooLong
from protocol.fields import Struct, pack, rest, size_bytes, unpack
from protocol.mac import hmac_sha256

BOOT = 1  # power came up; detail = reset cause, one byte; in an exam, its batch and credit and one byte more: how often
INTENT = 2  # about to burn the card of this credit
DEBIT = 3  # the credit is spent
STARTED = 4  # the device was enabled for it
ENDED = 5  # the exam is over
ABANDONED = 6  # an intent that ended without a debit
BATCH = 7  # initialised with this batch; credit = its first credit
PROVISIONED = 8  # initialised in the factory; detail = epoch, four bytes
FAULT = 9  # a part failed and was restarted; detail = which, as text
REFUSED = 10  # a card was refused; detail = the reason's number, one byte, then the card's UID
CLOCK = 11  # the clock was set; detail = the time it showed before, four bytes
COMMAND = 12  # a command ended; detail = id (4 bytes), kind, result, of a signed order its number (4 bytes)

CLOCK_NONE = 0  # time means nothing
CLOCK_HINT = 1  # from the real-time clock, never confirmed since power came up
CLOCK_TRUSTED = 2  # confirmed by the back office since power came up

MAC_BYTES = 8
MAX_DETAIL_BYTES = 16


class Entry(Struct):
    FIELDS = (
        ("seq", "u", 4),  # 1, 2, 3, ... without a gap
        ("kind", "u", 1),  # what happened
        ("time", "u", 4),  # unix time, 0 = unknown
        ("clock", "u", 1),  # how far the time can be trusted: 0 not, 1 a hint, 2 confirmed
        ("batch", "u", 4),  # the batch it is about, 0 = none
        ("credit", "u", 4),  # the credit it is about, 0 = none
        ("detail_length", "u", 1),  # bytes of detail that follow, 0 to 16
    )

    def __init__(
        self, seq: int, kind: int, time: int, clock: int = 0, batch: int = 0, credit: int = 0, detail: bytes = b""
    ) -> None:
        self.seq = seq
        self.kind = kind
        self.time = time
        self.clock = clock
        self.batch = batch
        self.credit = credit
        self.detail = detail

    @property
    def detail_length(self) -> int:
        return len(self.detail)

    def encode(self) -> bytes:
        detail = rest(self.detail, MAX_DETAIL_BYTES, "detail")
        fixed = pack(self.FIELDS, self)
        _check(self.kind, self.clock, len(detail))
        return fixed + detail

    @staticmethod
    def decode(data: bytes) -> "Entry":
        if len(data) < FIXED_BYTES:
            raise Malformed("shorter than a journal entry")
        seq, kind, time, clock, batch, credit, length = unpack(Entry.FIELDS, data[:FIXED_BYTES])
        _check(kind, clock, length)
        if len(data) != FIXED_BYTES + length:
            raise Malformed("the entry's detail has another length")
        return Entry(seq, kind, time, clock, batch, credit, bytes(data[FIXED_BYTES:]))


FIXED_BYTES = size_bytes(Entry.FIELDS)
MAX_ENTRY_BYTES = FIXED_BYTES + MAX_DETAIL_BYTES


def genesis_mac(journal_key: bytes) -> bytes:
    """The MAC before the first entry."""
    return hmac_sha256(journal_key, b"genesis")[:MAC_BYTES]


def chain_mac(journal_key: bytes, previous_mac: bytes, entry_bytes: bytes) -> bytes:
    return hmac_sha256(journal_key, previous_mac + entry_bytes)[:MAC_BYTES]


def _check(kind: int, clock: int, detail_length: int) -> None:
    if kind == 0:
        raise Malformed("an entry has no kind 0")
    if not 0 <= clock <= CLOCK_TRUSTED:
        raise OutOfRange("clock is 0, 1 or 2")
    if detail_length > MAX_DETAIL_BYTES:
        raise TooLong("an entry's detail has at most 16 bytes")
