"""What the journal means: the fold of its entries. Whatever the machine must not forget is derived here and nowhere
else, so a machine that reads its journal after a power cut knows exactly what it knew before.

Law of the details (what protocol.journal leaves to the machine): BATCH = count u32. COMMAND = command id u32, kind u8,
result u8 (protocol.results), of LOCK and UNLOCK the order's number u32. Fields are only ever appended.
"""

from micropython import const
from protocol import journal as codec
from spent import Spent

MAX_BATCHES = 128  # that are not used up
MAX_OPEN_CREDITS = 32768  # in all batches that are not used up: 4 KiB of bitmaps
MAX_IN_DOUBT = 64  # cards that were touched and never finished
MAX_REVOKED = 256  # batches, and single credits; more of these than that revoke the batch
COMMANDS_KEPT = 64  # of older ones only the highest number is known: none up to that is obeyed any more
COMMAND_DONE = 0
# protocol.command_kinds, which this module would keep in memory for ever
_REVOKE_BATCH = const(1)
_REVOKE_CREDIT = const(2)
_REFUND_CREDIT = const(3)
_LOCK = const(5)
_UNLOCK = const(6)
ROLLED_BACK = b"rolled back"


class Exam:
    """The exam that was paid for last and has not ended."""

    def __init__(self, batch: int, credit: int, seq: int, time: int) -> None:
        self.batch = batch
        self.credit = credit
        self.seq = seq  # of the DEBIT
        self.time = time  # of the DEBIT, 0 when the clock was unknown
        self.started = False
        self.boots = 0  # power losses since the debit, whether or not it had started


class State:
    """Batches, spent credits, cards in doubt, the running exam, what the back office ordered."""

    def __init__(self) -> None:
        self.batches: dict[int, Spent] = {}
        self.in_doubt: list[tuple[int, int]] = []
        self.revoked_batches: list[int] = []
        self.revoked_credits: list[tuple[int, int]] = []
        self.exam: Exam | None = None
        self.locked = False
        self.commands: list[int] = []  # numbers of the latest commands
        self.commands_forgotten = 0  # the highest number that is no longer among them
        self.order_number = 0  # of the last signed order that was obeyed
        self.rolled_back = False  # the back office knows a later journal: this flash is an old copy
        self.latest_time = 0  # the latest trusted time ever journalled: now is not before it
        self.debits = 0
        self.faults = 0
        self.gone_count = 0  # batches that are used up and were forgotten here: gone_batches.py
        self.gone_mac = b""  # of the list of them

    def apply(self, entry: codec.Entry) -> None:
        """One entry further. Entries arrive in the order of seq, each once."""
        if entry.clock == codec.CLOCK_TRUSTED and entry.time > self.latest_time:
            self.latest_time = entry.time
        kind = entry.kind
        credit = (entry.batch, entry.credit)
        if kind == codec.INTENT:
            if credit not in self.in_doubt:
                self.in_doubt.append(credit)
        elif kind == codec.DEBIT:
            self._spend(credit)
            self.debits += 1
            self.exam = Exam(entry.batch, entry.credit, entry.seq, entry.time)
        elif kind == codec.STARTED:
            if self.exam is not None:
                self.exam.started = True
        elif kind == codec.ENDED:
            self.exam = None
        else:
            self._apply_rare(entry, credit)

    def has_obeyed(self, command_id: int) -> bool:
        """Whether this command, or one that came after it and was forgotten, has its entry already."""
        return command_id <= self.commands_forgotten or command_id in self.commands

    def has_batches(self) -> bool:
        """Whether the machine was ever initialised with one."""
        return bool(self.batches) or self.gone_count > 0

    def open_credits(self) -> int:
        """Credits of all batches that are not used up: what the bitmaps have to hold."""
        return sum([spent.count for spent in self.batches.values() if spent.left()])

    def is_spent(self, credit: tuple[int, int]) -> bool:
        """Debited, given up or revoked."""
        spent = self.batches.get(credit[0])
        return spent is not None and spent.is_spent(credit[1])

    def _apply_rare(self, entry: codec.Entry, credit: tuple[int, int]) -> None:
        kind = entry.kind
        if kind == codec.ABANDONED:
            self._spend(credit)
        elif kind == codec.BOOT:
            if self.exam is not None:
                self.exam.boots += 1
        elif kind == codec.BATCH:
            if entry.batch not in self.batches:
                self.batches[entry.batch] = Spent(entry.credit, int.from_bytes(entry.detail[:4], "big"))
        elif kind == codec.FAULT:
            self.faults += 1
            self.rolled_back = self.rolled_back or entry.detail == ROLLED_BACK
        elif kind == codec.COMMAND:
            self._obey(entry, credit)

    def _spend(self, credit: tuple[int, int]) -> None:
        if credit in self.in_doubt:
            self.in_doubt.remove(credit)
        spent = self.batches.get(credit[0])
        if spent is not None and spent.holds(credit[1]):
            spent.mark(credit[1])

    def _obey(self, entry: codec.Entry, credit: tuple[int, int]) -> None:
        self.commands.append(int.from_bytes(entry.detail[:4], "big"))
        if len(self.commands) > COMMANDS_KEPT:
            self.commands_forgotten = max(self.commands_forgotten, self.commands.pop(0))
        kind, result = entry.detail[4], entry.detail[5]
        if result != COMMAND_DONE:
            return
        if kind in (_LOCK, _UNLOCK):
            self.locked = kind == _LOCK
            self.order_number = max(self.order_number, int.from_bytes(entry.detail[6:10], "big"))
        elif kind == _REVOKE_BATCH and entry.batch not in self.revoked_batches:
            self.revoked_batches.append(entry.batch)
        elif kind == _REFUND_CREDIT:
            self._spend(credit)
        elif kind == _REVOKE_CREDIT and credit not in self.revoked_credits and not self.is_spent(credit):
            self.revoked_credits.append(credit)
            self._spend(credit)
