"""Reading and writing a pipe with waiting. A pipe: readinto() and write() that never wait, readable() and writable()
that do, close()."""

from micropython import const

_IDLE_MS = const(60000)  # the caller has a shorter patience of its own
_TIMED_OUT = const(110)


class Plain:
    """A connection without protection."""

    def __init__(self, pipe: "Pipe") -> None:
        self._pipe = pipe

    async def read(self, count: int) -> bytes:
        """At least one byte; none: the far end closed."""
        buffer = bytearray(count)
        while True:
            got = self._readinto(buffer)
            if got is None:
                await self._arrival()
            elif got < 0:
                raise OSError(-got)
            else:
                return bytes(buffer[:got])

    async def write(self, data: bytes) -> None:
        """Taken; it goes out when somebody reads, at the latest."""
        view = memoryview(data)
        at = 0
        while at < len(data):
            taken = self._write(view[at:])
            if taken is None:
                await self._room()
            elif taken < 0:
                raise OSError(-taken)
            else:
                at += taken

    async def close(self) -> None:
        await self._pipe.close()

    def _readinto(self, buffer: bytearray) -> "int | None":
        return self._pipe.readinto(buffer)

    def _write(self, data: memoryview) -> "int | None":
        return self._pipe.write(data)

    async def _arrival(self) -> None:
        if not await self._pipe.readable(_IDLE_MS):
            raise OSError(_TIMED_OUT)

    async def _room(self) -> None:
        if not await self._pipe.writable(_IDLE_MS):
            raise OSError(_TIMED_OUT)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Pipe(Protocol):
        """What lies below."""

        def readinto(self, buffer: "bytearray | memoryview") -> "int | None": ...

        def write(self, data: "bytes | bytearray | memoryview") -> "int | None": ...

        async def readable(self, timeout_ms: int) -> bool: ...

        async def writable(self, timeout_ms: int) -> bool: ...

        async def close(self) -> None: ...
