"""TLS over any pipe. The server's certificate is verified against one given CA and nothing else.

MicroPython 1.29 (mbedtls 3.6) as it is: TLS 1.2; the handshake runs inside the first write, there is no call of its own
for it; sessions cannot be kept and resumed, so a connection that is still of use is better kept open; the peer's
certificate is checked against the board's clock, see tls_pipe.dates.

Memory and time: buffers and certificates lie outside the Python heap (28.7 KB at the peak of a handshake). A handshake
with P-256 takes three operations with public keys; between two of them the other tasks run, inside one they cannot.
"""

import asyncio
import gc
import io

from borrowed import Borrowed, in_turns
from micropython import const

from tls_pipe.errors import TlsError
from tls_pipe.plain import Plain

_RECORD_BYTES = const(1400)  # one record fits one AT+CIPSEND
_HEADER_BYTES = const(5)


class Tls(Plain):
    """A protected connection. connect(), then read and write; every failure is a TlsError or the pipe's own."""

    def __init__(self, pipe: "Pipe", server_name: str, ca_der: bytes) -> None:
        super().__init__(pipe)
        self._server_name = server_name
        self._ca = ca_der
        self._tls: SslSocket | None = None
        self._established = False

    async def connect(self, room: "list[bytearray] | None" = None) -> None:
        """Everything is ready; nothing is sent before the first write. ``room`` was kept free for this moment: a
        context is one large piece, and a heap in use may have none of that size left.
        """
        gate = Gate(self._pipe)
        with await in_turns("tls_pipe.handshake") as code:
            if room:
                room.clear()
                gc.collect()
            self._tls = code.wrapped(gate, self._server_name, self._ca)

    async def close(self) -> None:
        if self._tls:
            self._tls.close()
            self._tls = None
        await self._pipe.close()

    def _readinto(self, buffer: bytearray) -> "int | None":
        return self._done(self._open.readinto, buffer)

    def _write(self, data: memoryview) -> "int | None":
        taken = self._done(self._open.write, data[:_RECORD_BYTES])
        self._established = self._established or bool(taken)
        return taken

    @property
    def _open(self) -> "SslSocket":
        if not self._tls:
            raise TlsError("closed")
        return self._tls

    def _done(self, operation: "Callable[[bytearray | memoryview], int | None]", data: "Buffer") -> "int | None":
        try:
            return operation(data)
        except ValueError as error:
            with Borrowed("tls_pipe.handshake") as code:
                raise code.complaint(str(error)) from None
        except OSError as error:
            if self._established and error.errno and error.errno > 0:
                raise
            raise TlsError("closed" if self._established else "handshake", repr(error)) from None

    async def _room(self) -> None:
        """While the handshake lasts, what mbedtls waits for is not room but the far end's next words."""
        await super()._room()
        if not self._established:
            await self._arrival()

    async def _arrival(self) -> None:
        await asyncio.sleep_ms(0)
        await super()._arrival()


class Gate(io.IOBase):
    """The pipe as mbedtls sees it. Each record is let through at a second try only, so that the other tasks get a turn
    between the records of a handshake: each costs an operation with a public key."""

    def __init__(self, pipe: "Pipe") -> None:
        self._pipe = pipe
        self._passes = False

    def readinto(self, buffer: bytearray) -> "int | None":
        if len(buffer) != _HEADER_BYTES:
            return self._pipe.readinto(buffer)
        if not self._passes:
            self._passes = True
            return None
        got = self._pipe.readinto(buffer)
        self._passes = got is None
        return got

    def write(self, data: bytearray) -> "int | None":
        return self._pipe.write(data)

    def ioctl(self, _request: int, _argument: int) -> int:
        return 0


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from tls_pipe.plain import Pipe

    Buffer = bytearray | memoryview

    class SslSocket(Protocol):
        def readinto(self, buffer: Buffer) -> "int | None": ...

        def write(self, data: Buffer) -> "int | None": ...

        def close(self) -> None: ...
