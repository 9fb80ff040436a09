"""The modem's UART: one task reads it, one command is under way at a time, whatever else comes is told as a URC.

A command that was not answered in time, or whose caller was cancelled, may still be answered later. So the next one
first waits until the line is quiet again.
"""

import asyncio
from asyncio import Event, Lock

from gsm import lines
from micropython import const

from sim800.errors import CommandFailed, ModemSilent

ANSWER_MS = const(5000)

_READ_BYTES = const(256)
_PIECE_BYTES = const(128)  # the transmitter takes so many at once; more would hold up everybody
_PROMPT_MS = const(5000)
_MAX_LINES = const(8)  # of one response
_SETTLE_TRIES = const(3)
_SETTLE_MS = const(1000)
_QUIET_MS = const(100)
_BODY_BYTES = const(16)  # at least, of the second line of a URC
_ESCAPE = b"\x1b"  # ends a prompt for an SMS
_DATA_FOLLOWS = b"+CIPRXGET: 2,"


class Port:
    """Commands and their responses. ``on_urc(line, body)`` hears the rest; body is the second line, if it has one."""

    def __init__(self, uart: "UART", baud: int, on_urc: "Callable[[bytes, bytes], None]") -> None:
        self.uart = uart
        self._piece_ms = _PIECE_BYTES * 10000 // baud + 1
        self._on_urc = on_urc
        self._parser = lines.LineParser()
        self._lock = Lock()
        self._changed = Event()
        self._reader: asyncio.Task[None] | None = None
        self._busy = False
        self._own = b""
        self._ends: tuple[bytes, ...] = ()
        self._lines: list[bytes] = []
        self._failure: bytes | None = None
        self._ended = self._over_link = False
        self.prompted = False  # the last command got its prompt
        self._unsettled = False
        self._owed_bytes = 0  # the modem may still be waiting for so much data
        self._body_of = b""

    @property
    def open(self) -> bool:
        """Commands go out. Closed: the modem has no power, or went away."""
        return self._reader is not None

    def listen(self) -> None:
        """From now on bytes are the modem's words."""
        self.close()
        self.uart.read()
        self._parser.reset()
        self._body_of = b""
        self.forget()
        self._reader = asyncio.create_task(self._read())

    def forget(self) -> None:
        """Nothing that was said is still to be answered: the modem begins anew."""
        self._unsettled = False
        self._owed_bytes = 0

    def close(self) -> None:
        """Whoever waits for an answer gets a ModemSilent at once."""
        if self._reader:
            self._reader.cancel()
            self._reader = None
        self._changed.set()

    def lose_link(self, line: bytes) -> None:
        """The connection is gone: a command that is about it will not be answered any more."""
        if self._busy and self._over_link:
            self._fail(line)

    async def command(
        self,
        text: bytes,
        timeout_ms: int = ANSWER_MS,
        ends: tuple[bytes, ...] = (b"OK",),
        over_link: bool = False,
        payload: "bytes | None" = None,
    ) -> list[bytes]:
        """The lines of the response to AT + ``text``, and of received data the bytes, as one of them.

        ``ends``: what a line that ends it well begins with. ``payload`` goes out after the prompt.
        Raises CommandFailed, ModemSilent.
        """
        async with self._lock:
            await self._settle()
            self._begin(text, ends, over_link)
            try:
                if payload is not None:
                    await self._wait(_PROMPT_MS, for_prompt=True)
                if payload is not None and not self._failure:
                    await self._write(payload)
                    self._owed_bytes = 0
                await self._wait(timeout_ms)
            finally:
                self._busy = False
                self._unsettled = not self._has_ended()
            if self._failure:
                raise CommandFailed(self._failure, lines.error_number(self._failure))
            found = self._lines
            self._lines = []
            return found

    async def ask(self, text: bytes, timeout_ms: int = ANSWER_MS) -> bytes:
        """What a query answers, without its name: b"3,1" to AT+CREG?. Empty, if it answered OK alone."""
        for line in await self.command(text, timeout_ms):
            if line.startswith(self._own):
                return line[len(self._own) :].strip()
        return b""

    def _begin(self, text: bytes, ends: tuple[bytes, ...], over_link: bool) -> None:
        self._own = text.split(b"=")[0].split(b"?")[0] + b":"
        self._ends = ends
        self._over_link = over_link
        self._lines = []
        self._failure = None
        self._ended = self.prompted = False
        self._busy = True
        if over_link and text.startswith(b"+CIPSEND="):
            self._owed_bytes = int(text[len(b"+CIPSEND=") :])
        self.uart.write(b"AT" + text + b"\r")

    def _has_ended(self) -> bool:
        """The modem itself said so. After a lost link it may still say something about the command."""
        return self._ended or (self._failure is not None and lines.kind(self._failure) == lines.FINAL)

    async def _wait(self, timeout_ms: int, for_prompt: bool = False) -> None:
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

    async def _write(self, data: bytes) -> None:
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

    async def _settle(self) -> None:
        """After a command without an end: until the modem answers again, and is quiet."""
        if not self.open:
            raise ModemSilent("off")
        if not self._unsettled:
            return
        await self._write(b"\r" * self._owed_bytes)  # of a connection that is lost; without a prompt: empty lines
        self._owed_bytes = 0
        for _ in range(_SETTLE_TRIES):
            self.uart.write(_ESCAPE)
            await asyncio.sleep_ms(_QUIET_MS)
            self._parser.reset()
            self._begin(b"", (b"OK",), False)
            try:
                await self._wait(_SETTLE_MS)
            except ModemSilent:
                continue
            finally:
                self._busy = False
            await asyncio.sleep_ms(_QUIET_MS)
            self._unsettled = False
            return
        raise ModemSilent("unsettled")

    # What comes

    async def _read(self) -> None:
        reader = asyncio.StreamReader(self.uart)
        while True:
            for event in self._parser.feed(await reader.read(_READ_BYTES)):
                if event[0] == "line":
                    self._take(event[1])
                elif event[0] == "data":
                    self._keep(event[1])
                elif self._busy:
                    self.prompted = True
                    self._changed.set()

    def _take(self, line: bytes) -> None:
        if self._body_of:
            urc, self._body_of = self._body_of, b""
            if len(line) >= _BODY_BYTES:
                self._on_urc(urc, line)
                return
        what = lines.kind(line, self._own if self._busy else b"")
        if what == lines.URC:
            if lines.has_body(line):
                self._body_of = line
            else:
                self._on_urc(line, b"")
        elif self._busy:
            self._answer(line, what)

    def _answer(self, line: bytes, what: int) -> None:
        if lines.starts(line, self._ends):
            self._keep(line)
            self._ended = True
            self._changed.set()
        elif what == lines.FINAL:
            if line != b"OK":
                self._fail(line)
        elif not line.startswith(b"AT"):
            self._keep(line)
            if line.startswith(_DATA_FOLLOWS):
                self._expect(line)

    def _expect(self, line: bytes) -> None:
        """AT+CIPRXGET=2: how much of it follows; the last number is what then still waits in the modem."""
        count = line[len(_DATA_FOLLOWS) :].split(b",")[0]
        if count.isdigit() and int(count) <= lines.MAX_DATA_BYTES:
            self._parser.expect_data(int(count))

    def _keep(self, line: bytes) -> None:
        if self._busy and len(self._lines) < _MAX_LINES:
            self._lines.append(line)

    def _fail(self, line: bytes) -> None:
        self._failure = line
        self._changed.set()


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from machine import UART
