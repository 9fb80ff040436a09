"""Bytes from a stream as they come. asyncio's own StreamReader can do more, and brings three kilobytes of heap."""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable

    from machine import UART


def read(stream: "UART", most_bytes: int) -> "Awaitable[bytes]":  # type: ignore[misc] # a coroutine on the board
    """What is there, at most so many; waits until something is."""
    yield asyncio.core._io_queue.queue_read(stream)  # type: ignore[attr-defined]
    return stream.read(most_bytes) or b""
