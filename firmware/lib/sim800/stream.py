"""A TCP connection through the modem, as a stream: non-blocking, so that MicroPython's TLS runs over it.

Received data is fetched in blocks when somebody waits for it; what is written gathers until somebody waits for room.
"Sent" means that the modem has it. Whether it arrived only the application can say: a dead peer is noticed after 645 s.
"""

import asyncio
import io
import time

from micropython import const

from sim800.errors import CommandFailed, LinkLost, ModemSilent

_SEND_BYTES = const(1460)
_FETCH_BYTES = const(256)  # at most 1460; every byte of it lies in the heap until it is read, some of them twice

_FETCH_MS = const(5000)
_SEND_MS = const(20000)
_CLOSE_MS = const(5000)
_LOOK_MS = const(10000)  # how long to trust that "data waits" was not lost on the line
_CONNECTION_LOST = const(-104)  # ECONNRESET, as streams say it
_POLL = const(3)
_POLL_IN = const(1)
_POLL_OUT = const(4)
_SENT = (b"DATA ACCEPT:", b"SEND OK")


class TcpStream(io.IOBase):
    """The modem's one connection. Pipe: readable(), writable(), close() wait; the rest never does."""

    def __init__(self, modem: "Modem") -> None:
        self._modem = modem
        self._port = modem.port
        self._changed = asyncio.Event()
        self._received = b""
        self._at = 0
        self._written = b""
        self._waiting = False  # the modem has data
        self._closed = False  # by the far end, or by us; what the modem holds can still be read
        self._ended = False  # and that was the last of it
        self._lost = False
        self.received_bytes = 0
        self.sent_bytes = 0

    # Without waiting

    def readinto(self, buffer: "bytearray | memoryview") -> "int | None":
        """0 = the far end closed; None = nothing now; negative = the connection is lost."""
        left = len(self._received) - self._at
        if not left:
            if self._lost:
                return _CONNECTION_LOST
            return 0 if self._ended else None
        count = min(left, len(buffer))
        buffer[:count] = self._received[self._at : self._at + count]
        self._at += count
        return count

    def write(self, data: "bytes | bytearray | memoryview") -> "int | None":
        """How much of it was taken; None = no room now."""
        if self._lost or self._closed:
            return _CONNECTION_LOST
        count = min(len(data), _SEND_BYTES - len(self._written))
        if not count:
            return None
        self._written += bytes(data[:count])
        return count

    def ioctl(self, request: int, argument: int) -> int:
        if request != _POLL:
            return 0
        can_read = self._at < len(self._received) or self._ended or self._lost
        can_write = self._lost or len(self._written) < _SEND_BYTES
        return argument & ((_POLL_IN if can_read else 0) | (_POLL_OUT if can_write else 0))

    # Waiting

    async def readable(self, timeout_ms: int) -> bool:
        """True: reading gives something now, if only the end. What was written goes out first."""
        await self.writable(timeout_ms)
        until = time.ticks_add(time.ticks_ms(), timeout_ms)
        while not self.ioctl(_POLL, _POLL_IN):
            left_ms = time.ticks_diff(until, time.ticks_ms())
            if left_ms <= 0:
                return False
            if not (self._waiting or self._closed) and not await self._told(min(left_ms, _LOOK_MS)):
                self._waiting = True  # look, although nobody said so
            if self._waiting or self._closed:
                await self._fetch()
        return True

    async def writable(self, _timeout_ms: int) -> bool:
        """Everything written has gone to the modem. Raises LinkLost."""
        while self._written:
            data, self._written = self._written, b""
            if self._lost or self._closed:
                raise LinkLost("closed")
            try:
                await self._port.command(b"+CIPSEND=%d" % len(data), _SEND_MS, _SENT, True, data)
            except (CommandFailed, ModemSilent) as error:
                self._break(error)
            self.sent_bytes += len(data)
        return True

    async def close(self) -> None:
        """Ours to the modem, whatever has become of the connection."""
        if self._modem.stream is self:
            self._modem.stream = None
            if not (self._closed or self._lost) and self._port.open:
                try:
                    await self._port.command(b"+CIPCLOSE=1", _CLOSE_MS, (b"CLOSE OK",))
                except (CommandFailed, ModemSilent):
                    self._modem.attached = False
        self._closed = self._ended = True
        self._received = self._written = b""
        self._at = 0
        self._changed.set()

    # The modem says

    def arrived(self) -> None:
        self._waiting = True
        self._changed.set()

    def closed(self) -> None:
        self._closed = True
        self._changed.set()

    def lose(self) -> None:
        self._lost = True
        self._changed.set()

    async def _told(self, timeout_ms: int) -> bool:
        """False: nothing was said for so long."""
        self._changed.clear()
        try:
            await asyncio.wait_for_ms(self._changed.wait(), timeout_ms)
        except asyncio.TimeoutError:
            return False
        return True

    async def _fetch(self) -> None:
        """One block. The answer's last number is what remains in the modem after it."""
        self._waiting = False
        try:
            lines = await self._port.command(b"+CIPRXGET=2,%d" % _FETCH_BYTES, _FETCH_MS)
        except CommandFailed as error:
            if not self._closed:
                self._break(error)
            self._ended = True
            return
        except ModemSilent as error:
            self._break(error)
        self._take(lines)

    def _take(self, lines: list[bytes]) -> None:
        numbers = lines[0].split(b":")[-1].split(b",")
        if len(numbers) < 3 or not (numbers[1].isdigit() and numbers[2].isdigit()):
            self._break("no block of data")
        count = int(numbers[1])
        if count == 0:
            self._ended = self._closed
            return
        if len(lines) < 2 or len(lines[1]) != count:
            self._break("a block of data that lacks bytes")
        self._received, self._at = lines[1], 0
        self.received_bytes += count
        self._waiting = int(numbers[2]) > 0
        self._modem.failures = 0  # data came: the bearer does what it should

    def _break(self, why: object) -> None:
        """Bytes are missing in the middle, or may be: nothing that comes later is worth anything."""
        self._modem.failures += 1
        self._modem.lose_link(b"CLOSED")
        self._lost = True
        raise LinkLost(repr(why))


TYPE_CHECKING = False
if TYPE_CHECKING:
    from sim800.modem import Modem
