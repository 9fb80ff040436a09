"""Asks for the server's health again and again, as whatever watches a server does: a new connection each time, and not
waiting for one answer before the next question, so that a minute of silence is a minute of late answers and not one.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from tools.load import address
from tools.load.address import Target
from tools.load.crew import Told
from tools.load.http import BadAnswer, Connection, request
from tools.load.records import HEALTH, WELL, Sample

EVERY_S: Final = 0.125
PATIENCE_S: Final = 30.0
AT_ONCE_MAX: Final = 512


@dataclass(frozen=True)
class Prober:
    """One watcher."""

    target: Target

    async def run(self, told: Told) -> None:
        """For ever."""
        loop, asking = asyncio.get_running_loop(), set[asyncio.Task[None]]()
        next_s = loop.time()
        while True:
            if len(asking) < AT_ONCE_MAX:
                task = asyncio.create_task(self._ask(told))
                asking.add(task)
                task.add_done_callback(asking.discard)
            next_s += EVERY_S
            await asyncio.sleep(max(0.0, next_s - loop.time()))

    async def _ask(self, told: Told) -> None:
        begun_s, outcome = time.monotonic(), "abandoned"
        try:
            async with asyncio.timeout(PATIENCE_S):
                outcome = await self._health()
        except TimeoutError:
            outcome = f"nothing within {PATIENCE_S:.0f} s"
        except (OSError, BadAnswer) as error:
            outcome = type(error).__name__
        finally:
            told.append(Sample(HEALTH, begun_s, time.monotonic() - begun_s, outcome))

    async def _health(self) -> str:
        connection = await Connection.open(address.PROBER, self.target)
        try:
            answer = await connection.exchange(request("GET", "/health", "127.0.0.1", {"Connection": "close"}))
        finally:
            connection.close()
        return WELL if answer.status == 200 else str(answer.status)
