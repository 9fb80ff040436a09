"""The modem's UART: one task reads it, one command is under way at a time, whatever else comes is told as a URC.

A command that was not answered in time, or whose caller was cancelled, may still be answered later. So the next one
first waits until the line is quiet again.
"""

import asyncio
from asyncio import Event

from borrowed import in_turns
from byte_source import read
from gsm import lines
from micropython import const

from sim800.errors import CommandFailed, ModemSilent

_ANSWER_MS = const(5000)

_READ_BYTES = const(256)
_PIECE_BYTES = const(128)  # the transmitter takes so many at once; more would hold up everybody
_PROMPT_MS = const(5000)
_MAX_LINES = const(8)  # of one response
_BODY_BYTES = const(16)  # at least, of the second line of a URC
_DATA_FOLLOWS = b"+CIPRXGET: 2,"


class Port:
    """Commands and their responses. ``on_urc(line, body)`` hears the rest; body is the second line, if it has one."""

    def __init__(self, uart: "UART", baud: int, on_urc: "Callable[[bytes, bytes], None]") -> None:
        self.uart = uart
        self._piece_ms = _PIECE_BYTES * 10000 // baud + 1
        self._on_urc = on_urc
        self.parser = lines.LineParser()
        self._free = Event()  # set: no command is under way (asyncio's Lock would be one more module)
        self._free.set()
        self._changed = Event()
        self._reader: asyncio.Task[None] | None = None
        self.busy = False
        self._own = b""
        self._ends: tuple[bytes, ...] = ()
        self._lines: list[bytes] = []
        self._failure: bytes | None = None
        self._ended = self._over_link = False
        self.prompted = False  # the last command got its prompt
        self.out_of_step = False
        self.owed_bytes = 0  # the modem may still be waiting for so much data
        self._body_of = b""

    @property
    def open(self) -> bool:
        """Commands go out. Closed: the modem has no power, or went away."""
        return self._reader is not None

    def listen(self) -> None:
        """From now on bytes are the modem's words."""
        self.close()
        self.uart.read()
        self.parser.reset()
        self._body_of = b""
        self.out_of_step = False
        self.owed_bytes = 0
        self._reader = asyncio.create_task(self._read())

    def close(self) -> None:
        """Whoever waits for an answer gets a ModemSilent at once."""
        reader, self._reader = self._reader, None
        if reader and reader is not asyncio.current_task():  # that one ends by itself
            reader.cancel()
        self._changed.set()

    def lose_link(self, line: bytes) -> None:
        """The connection is gone: a command that is about it will not be answered any more."""
        if self.busy and self._over_link:
            self._failure = line
            self._changed.set()

    async def command(
        self,
        text: bytes,
        timeout_ms: int = _ANSWER_MS,
        ends: tuple[bytes, ...] = (b"OK",),
        over_link: bool = False,
        payload: "bytes | None" = None,
    ) -> list[bytes]:
        """The lines of the response to AT + ``text``, and of received data the bytes, as one of them.

        ``ends``: what a line that ends it well begins with. ``payload`` goes out after the prompt.
        Raises CommandFailed, ModemSilent.
        """
        while not self._free.is_set():
            await self._free.wait()
        self._free.clear()
        try:
            if not self.open:
                raise ModemSilent("off")
            if self.out_of_step:
                with await in_turns("sim800.resync") as code:
                    await code.resync(self)
            self.begin(text, ends, over_link)
            try:
                if payload is not None:
                    await self.wait(_PROMPT_MS, for_prompt=True)
                if payload is not None and not self._failure:
                    await self.write(payload)
                    self.owed_bytes = 0
                await self.wait(timeout_ms)
            finally:
                self.busy = False
                # The modem itself has to say the end. After a lost link it may still have words about the command.
                self.out_of_step = not (self._ended or (self._failure and lines.kind(self._failure) == lines.FINAL))
            if self._failure:
                raise CommandFailed(self._failure, lines.error_number(self._failure))
            found = self._lines
            self._lines = []
            return found
        finally:
            self._free.set()

    async def ask(self, text: bytes, timeout_ms: int = _ANSWER_MS) -> bytes:
        """What a query answers, without its name: b"3,1" to AT+CREG?. Empty, if it answered OK alone."""
        for line in await self.command(text, timeout_ms):
            if line.startswith(self._own):
                return line[len(self._own) :].strip()
        return b""

    def begin(self, text: bytes, ends: tuple[bytes, ...], over_link: bool) -> None:
        self._own = text.split(b"=")[0].split(b"?")[0] + b":"
        self._ends = ends
        self._over_link = over_link
        self._lines = []
        self._failure = None
        self._ended = self.prompted = False
        self.busy = True
        if over_link and text.startswith(b"+CIPSEND="):
            self.owed_bytes = int(text[len(b"+CIPSEND=") :])
        self.uart.write(b"AT" + text + b"\r")

    async def wait(self, timeout_ms: int, for_prompt: bool = False) -> None:
        try:
            await asyncio.wait_for_ms(self._until(for_prompt), timeout_ms)
        except asyncio.TimeoutError:
            raise ModemSilent(self._own) from None

    async def _until(self, for_prompt: bool) -> None:
        while not (self._ended or self._failure or (for_prompt and self.prompted)):
            if not self.open:
                raise ModemSilent("gone")
            self._changed.clear()
            await self._changed.wait()

    async def write(self, data: bytes) -> None:
        """In pieces that the transmitter takes at once. Whoever is cancelled finishes first: the modem counts bytes."""
        view = memoryview(data)
        at = 0
        try:
            while at < len(data):
                self.uart.write(view[at : at + _PIECE_BYTES])
                at += _PIECE_BYTES
                await asyncio.sleep_ms(self._piece_ms)
        finally:
            if at < len(data):
                self.uart.write(view[at:])

    # What comes

    async def _read(self) -> None:
        this = asyncio.current_task()
        while self._reader is this:
            try:
                self._hear(await read(self.uart, _READ_BYTES))
            except MemoryError:
                # Somebody else has the heap. What came is lost, and whoever waits for it finds that out in time.
                self.parser.reset()

    def _hear(self, data: bytes) -> None:
        for event in self.parser.feed(data):
            if event[0] == "line":
                self._take(event[1])
            elif event[0] == "data":
                self._keep(event[1])
            elif self.busy:
                self.prompted = True
                self._changed.set()

    def _take(self, line: bytes) -> None:
        if self._body_of:
            urc, self._body_of = self._body_of, b""
            if len(line) >= _BODY_BYTES:
                self._on_urc(urc, line)
                return
        what = lines.kind(line, self._own if self.busy else b"")
        if what == lines.URC:
            if lines.has_body(line):
                self._body_of = line
            else:
                self._on_urc(line, b"")
        elif self.busy:
            self._answer(line, what)

    def _answer(self, line: bytes, what: int) -> None:
        if line.startswith(self._ends):
            self._ended = True
            self._changed.set()
        elif what == lines.FINAL:
            if line != b"OK":
                self._failure = line
                self._changed.set()
            return
        elif line.startswith(b"AT"):
            return  # an echo
        elif line.startswith(_DATA_FOLLOWS):
            count = line[len(_DATA_FOLLOWS) :].split(b",")[0]
            if count.isdigit() and int(count) <= lines.MAX_DATA_BYTES:
                self.parser.expect_data(int(count))
        self._keep(line)

    def _keep(self, line: bytes) -> None:
        if self.busy and len(self._lines) < _MAX_LINES:
            self._lines.append(line)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from machine import UART
