"""Work of the protocol in slices (protocol.slices), with the event loop's turn between them. Borrowed code."""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import TypeVar

    Result = TypeVar("Result")


async def in_slices(steps: "Generator[None, None, Result]") -> "Result":
    """What the work finds."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Result = end.value
            return found
        await asyncio.sleep_ms(0)
