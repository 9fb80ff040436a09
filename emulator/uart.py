"""A UART of the board: bytes at their baud rate, a bounded receive buffer that drops what overflows it."""

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

BITS_PER_BYTE: Final = 10  # start, eight data, stop
# The ESP32's receiver hands bytes over when its 128-byte FIFO holds 120, or when the line was idle for ten bytes' time.
CHUNK_BYTES: Final = 120
IDLE_BYTES: Final = 10


class Scheduler(Protocol):
    @property
    def now_us(self) -> int: ...

    def schedule(self, time_us: int, action: Callable[[], None]) -> None: ...


class Uart:
    """The board's end; the far end calls push() and listens by on_sent."""

    def __init__(self, world: Scheduler, on_input: Callable[[], None]) -> None:
        self.baudrate = 115_200
        self.buffer_bytes = 256
        self.dropped_bytes = 0
        self.received_bytes = 0
        self.taken_bytes = 0  # that the board has read
        self.sent_bytes = 0
        self.on_sent: list[Callable[[bytes], None]] = []
        self._world = world
        self._on_input = on_input
        self._buffer = bytearray()
        self._open = False
        self._line_free_us = 0  # when the last byte towards the board will have passed
        self._sent_us = 0
        self._generation = 0  # bytes in flight over a reset belong to nobody

    def set_up(self, baudrate: int, buffer_bytes: int) -> None:
        self.baudrate = baudrate
        self.buffer_bytes = buffer_bytes
        self._open = True

    def reset(self) -> None:
        self._open = False
        self._buffer.clear()
        self._generation += 1

    def push(self, data: bytes) -> None:
        """Bytes start on the line now, behind those already on it."""
        byte_us = self.byte_us
        start_us = max(self._world.now_us, self._line_free_us)
        self._line_free_us = start_us + len(data) * byte_us
        for position in range(0, len(data), CHUNK_BYTES):
            chunk = data[position : position + CHUNK_BYTES]
            done_us = start_us + (position + len(chunk)) * byte_us
            idle_us = 0 if len(chunk) == CHUNK_BYTES else IDLE_BYTES * byte_us
            self._world.schedule(done_us + idle_us, partial(self._arrive, chunk, self._generation))

    def send(self, data: bytes) -> None:
        """The board gave these to its transmitter; the far end has them when the last one has passed."""
        self._sent_us = max(self._world.now_us, self._sent_us) + len(data) * self.byte_us
        self.sent_bytes += len(data)
        self._world.schedule(self._sent_us, lambda: self._deliver(data))

    @property
    def byte_us(self) -> int:
        return BITS_PER_BYTE * 1_000_000 // self.baudrate

    @property
    def waiting(self) -> int:
        return len(self._buffer)

    def take(self, limit: int, stop_at_newline: bool) -> bytes:
        end = min(limit, len(self._buffer))
        if stop_at_newline:
            newline = self._buffer.find(b"\n", 0, end)
            end = end if newline < 0 else newline + 1
        data = bytes(self._buffer[:end])
        del self._buffer[:end]
        self.taken_bytes += end
        return data

    def _arrive(self, chunk: bytes, generation: int) -> None:
        if not self._open or generation != self._generation:
            return
        space = max(0, self.buffer_bytes - len(self._buffer))
        self._buffer += chunk[:space]
        self.received_bytes += min(space, len(chunk))
        self.dropped_bytes += len(chunk) - min(space, len(chunk))
        self._on_input()

    def _deliver(self, data: bytes) -> None:
        for listener in self.on_sent:
            listener(data)
