"""A TCP socket as a pipe."""

import asyncio
import errno
import socket

from micropython import const

_RESET = const(-104)


async def open_socket(host: str, port: int) -> "SocketPipe":
    """Raises OSError. The name is looked up without yielding: MicroPython knows no other way."""
    family, kind, protocol, _name, address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
    pipe = SocketPipe(socket.socket(family, kind, protocol))
    try:
        pipe.begin(address)
        await pipe.connected()
        opened, pipe = pipe, None  # type: ignore[assignment]
    finally:
        if pipe:
            await pipe.close()
    return opened


class SocketPipe:
    """A socket that never blocks."""

    def __init__(self, unconnected: "socket.socket") -> None:
        self._socket = unconnected
        unconnected.setblocking(False)
        self.received_bytes = 0
        self.sent_bytes = 0

    def begin(self, address: "Address") -> None:
        try:
            self._socket.connect(address)
        except OSError as error:
            if error.errno != errno.EINPROGRESS:
                raise

    async def connected(self) -> None:
        """Or failed: the first use tells."""
        await self._wait_to_write()  # type: ignore[misc]  # a generator is awaitable here

    def readinto(self, buffer: "bytearray | memoryview") -> "int | None":
        try:
            count = self._socket.readinto(buffer)
        except OSError as error:
            return -error.errno if error.errno else _RESET
        self.received_bytes += count or 0
        return count

    def write(self, data: "bytes | bytearray | memoryview") -> "int | None":
        try:
            count = self._socket.write(data)
        except OSError as error:
            return -error.errno if error.errno else _RESET
        self.sent_bytes += count or 0
        return count

    async def readable(self, timeout_ms: int) -> bool:
        return await _within(self._wait_to_read(), timeout_ms)

    async def writable(self, timeout_ms: int) -> bool:
        return await _within(self._wait_to_write(), timeout_ms)

    async def close(self) -> None:
        self._socket.close()

    def _wait_to_read(self) -> "Waiting":
        yield asyncio.core._io_queue.queue_read(self._socket)  # type: ignore[attr-defined]

    def _wait_to_write(self) -> "Waiting":
        yield asyncio.core._io_queue.queue_write(self._socket)  # type: ignore[attr-defined]


async def _within(waiting: "Waiting", timeout_ms: int) -> bool:
    try:
        await asyncio.wait_for_ms(waiting, timeout_ms)
    except asyncio.TimeoutError:
        return False
    return True


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    Address = tuple[str, int] | tuple[str, int, int, int]
    Waiting = Generator[None]
