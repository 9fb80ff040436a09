"""Under MicroPython, on a flash in memory: what the journal costs while so many entries wait (waiting.py runs it).

Prints a line for each piece of work: entries that wait, its name, microseconds.
"""

import sys
import time

import journal_load  # noqa: F401 (code at hand, all three)
import journal_report
import journal_upkeep  # noqa: F401
import vfs
from journal import Journal
from protocol import journal as codec
from protocol.grouping import Groups
from protocol.slices import finished

BLOCK_BYTES = 4096
BLOCKS = 416  # as much as a board's file system has
KEY = b"k" * 32
BATCH = 7
CREDITS = 30000
FIRST = 1000
REPORT_ENTRIES = 48
ROUNDS = 20


class Flash:
    """A block device; what an erase or a page costs on a chip is not in its time."""

    def __init__(self) -> None:
        self._data = bytearray(BLOCK_BYTES * BLOCKS)

    def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None:
        start = block * BLOCK_BYTES + offset
        buffer[:] = memoryview(self._data)[start : start + len(buffer)]

    def writeblocks(self, block: int, buffer: bytes, offset: int = 0) -> None:
        start = block * BLOCK_BYTES + offset
        self._data[start : start + len(buffer)] = buffer

    def ioctl(self, op: int, argument: int) -> int:
        if op == 4:
            return BLOCKS
        if op == 5:
            return BLOCK_BYTES
        if op == 6:
            self._data[argument * BLOCK_BYTES : (argument + 1) * BLOCK_BYTES] = b"\xff" * BLOCK_BYTES
        return 0


class Machine:
    """A journal, and what a machine does with it all day."""

    def __init__(self) -> None:
        self.journal = Journal.create("/disk/journal", KEY, _stamp)
        self.journal.append(codec.BATCH, BATCH, FIRST, CREDITS.to_bytes(4, "big"))
        self._exams = 0

    def fill(self, waiting: int) -> None:
        while self.journal.pending() < waiting + REPORT_ENTRIES:
            self.exam()
            self.journal.rest()
        for _ in range(4):
            self.journal.rest()

    def start(self) -> None:
        self.journal.close()
        self.journal = Journal.load("/disk/journal", KEY, _stamp)

    def exam(self) -> None:
        self.journal.prepare_exam()
        for kind in (codec.INTENT, codec.DEBIT, codec.STARTED, codec.ENDED):
            self.journal.append(kind, BATCH, FIRST + self._exams % CREDITS)
        self._exams += 1

    def report(self) -> None:
        seq, mac = self.journal.acked_seq, self.journal.acked_mac
        finished(journal_report.gathering(self.journal, Groups(), (seq, mac), REPORT_ENTRIES))
        journal_report.acknowledge(self.journal, seq + REPORT_ENTRIES)


def _stamp() -> tuple[int, int]:
    return 1_700_000_000, codec.CLOCK_TRUSTED


def main(reference: str, levels: "list[str]") -> None:
    """``reference``: the file of the reference loop, which lies among stand-ins that are not wanted here."""
    names: dict[str, Callable[[], None]] = {}
    with open(reference) as file:
        exec(file.read(), names)  # noqa: S102 (ours)
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash)  # type: ignore[arg-type]
    vfs.mount(vfs.VfsLfs2(flash), "/disk")  # type: ignore[abstract, arg-type]
    machine = Machine()
    for level in levels:
        for _ in range(ROUNDS):
            machine.fill(int(level))
            for name, piece in (
                ("loop", names["loop"]),
                ("start", machine.start),
                ("exam", machine.exam),
                ("report", machine.report),
            ):
                began = time.ticks_us()
                piece()
                print(level, name, time.ticks_diff(time.ticks_us(), began))


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

main(sys.argv[1], sys.argv[2:])
