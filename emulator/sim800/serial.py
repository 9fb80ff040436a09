"""The modem's serial port: baud rate, echo, lines in, bytes out, and all that goes wrong on the way."""

from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from emulator.sim800.faults import ModemFaults
from emulator.sim800.timers import Timers, ignore

if TYPE_CHECKING:
    from emulator.world import World

AUTO: Final = 0
RATES: Final = (AUTO, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800)
MAX_LINE_BYTES: Final = 556  # manual 1.4.1
MAX_PENDING_BYTES: Final = 4096  # input while a command is carried out
LOG_LENGTH: Final = 20_000
MAX_WRONG_BYTES: Final = 4


class Entry(Protocol):
    """Whoever takes the bytes after a prompt."""

    def feed(self, byte: int) -> bool:
        """False: this was the last one."""
        ...

    def complete(self) -> None:
        """Called then."""
        ...


class Exchange(NamedTuple):
    """One line of the transcript."""

    time_us: int
    direction: str  # ">" to the modem, "<" from it
    data: bytes


class Serial:
    """`output` is the line to the board; the board's bytes come by receive()."""

    def __init__(self, world: "World", timers: Timers, faults: ModemFaults, random: Random) -> None:
        self.output: Callable[[bytes], None] = ignore
        self.on_line: Callable[[str], None] = ignore
        self.transcript: deque[Exchange] = deque(maxlen=LOG_LENGTH)
        self.faults = faults
        self.echo = True
        self.rate = AUTO
        self.lost_bytes = 0  # came while nobody listened, or at a wrong rate
        self._world = world
        self._timers = timers
        self._random = random
        self._listening = False
        self._heard_rate: int | None = None  # what autobauding found
        self._sought = (0, b"")  # the rate and the last byte while it seeks
        self._line = bytearray()
        self._pending = bytearray()
        self._entry: Entry | None = None
        self._busy = False
        self._echoed = bytearray()
        self._free_us = 0  # when the last slow byte will have left

    # --- power ---------------------------------------------------------------------------------------------------

    def switch(self, on: bool) -> None:
        self._listening = on
        self._heard_rate = None
        self._sought = (0, b"")
        self._entry = None
        self._busy = False
        self._line.clear()
        self._pending.clear()

    @property
    def synchronised(self) -> bool:
        """Under autobauding nothing is sent before the first AT (manual 2.2.41.1)."""
        return self._listening and (self.rate != AUTO or self._heard_rate is not None)

    @property
    def current_rate(self) -> int:
        """What is spoken now; AUTO before the first AT."""
        return self.rate or self._heard_rate or AUTO

    # --- in ------------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, rate: int = 115_200) -> None:
        if not self._listening or self.faults.frozen:
            self.lost_bytes += len(data)
            return
        if self.rate == AUTO and self._heard_rate is None:
            data = self._seek(data, rate)
        elif rate != self.current_rate:
            self.lost_bytes += len(data)
            return
        if not data:
            return
        self.transcript.append(Exchange(self._world.now_us, ">", data))
        for position, byte in enumerate(data):
            if self._busy:
                self._pending += data[position : position + max(0, MAX_PENDING_BYTES - len(self._pending))]
                break
            self._take(byte)
        self._flush_echo()

    def ready(self) -> None:
        """The command line has been answered: the next one may come."""
        self._busy = False
        pending = bytes(self._pending)
        self._pending.clear()
        for position, byte in enumerate(pending):
            if self._busy:
                self._pending += pending[position:]
                break
            self._take(byte)
        self._flush_echo()

    def prompt(self, entry: Entry, text: str = "\r\n> ") -> None:
        """From now on bytes are data, until the entry has enough. What came before the prompt is lost."""
        self._entry = entry
        self._busy = False
        self._pending.clear()
        if self.faults.missing_prompts:
            self.faults.missing_prompts -= 1
        else:
            self.send(text.encode())

    def _end_entry(self, entry: Entry) -> None:
        self._entry = None
        self._busy = True
        entry.complete()

    def _seek(self, data: bytes, rate: int) -> bytes:
        """Autobauding: "AT" at one rate, however slowly it is typed; what follows it, and nothing that came before."""
        before = self._sought[1] if self._sought[0] == rate else b""
        at = (before + data).upper().find(b"AT")
        if at < 0:
            self.lost_bytes += len(data)
            self._sought = (rate, data[-1:])
            return b""
        self._heard_rate = rate
        return (before + data)[at:]

    def _take(self, byte: int) -> None:
        if self.echo:
            self._echoed.append(byte)
        if self._entry:
            if not self._entry.feed(byte):
                self._end_entry(self._entry)
        elif byte == 0x0D:
            self._end_line()
        elif byte == 0x08:
            del self._line[-1:]
        elif byte >= 0x20 and len(self._line) < MAX_LINE_BYTES:
            self._line.append(byte)

    def _end_line(self) -> None:
        line = self._line.decode("ascii", "replace")
        self._line.clear()
        start = line.upper().find("AT")
        if start < 0:
            return
        self._busy = True
        self.on_line(line[start + 2 :])

    # --- out -----------------------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """What the modem says, through whatever is wrong with it."""
        self._flush_echo()
        if not self.synchronised or self.faults.frozen or not data:
            return
        self.transcript.append(Exchange(self._world.now_us, "<", data))
        self._emit(self._distort(data))

    def _flush_echo(self) -> None:
        if self._echoed:
            echoed = bytes(self._echoed)
            self._echoed.clear()
            self._emit(echoed)

    def _distort(self, data: bytes) -> bytes:
        if self.faults.partial and self._random.random() < self.faults.partial:
            data = data[: self._random.randrange(len(data))]
        if self.faults.garbage and data and self._random.random() < self.faults.garbage:
            wrong = bytearray(data)
            for _ in range(self._random.randint(1, MAX_WRONG_BYTES)):
                wrong[self._random.randrange(len(wrong))] = self._random.randrange(256)
            data = bytes(wrong)
        return data

    def _emit(self, data: bytes) -> None:
        if not self.faults.byte_gap_us and self._free_us <= self._world.now_us:
            self.output(data)
            return
        position = 0
        while position < len(data):
            piece = data[position : position + self._random.randint(1, 3)]
            position += len(piece)
            self._free_us = max(self._free_us, self._world.now_us) + self.faults.byte_gap_us
            self._world.schedule(self._free_us, partial(self.output, piece))
