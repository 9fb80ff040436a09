"""One kind of attack, as a process: so many connections at once, each opened again when it is lost."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Final

from tools.load import address
from tools.load.crew import TELL_EVERY_S, Told
from tools.load.hostile.kinds import KINDS, Make
from tools.load.hostile.line import Line
from tools.load.hostile.loot import Loot
from tools.load.records import Deed

REOPEN_S: Final = 0.05


@dataclass(frozen=True)
class Attack:
    """By one kind."""

    kind: str
    connections: int
    loot: Loot
    ramp_s: float
    """Until all of them have begun."""

    async def run(self, told: Told) -> None:
        """For ever."""
        happened: Counter[str] = Counter()
        make = KINDS[self.kind].make
        async with asyncio.TaskGroup() as all_of_them:
            all_of_them.create_task(self._tell(happened, told))
            for place in range(self.connections):
                all_of_them.create_task(self._hold(place, make, happened))

    async def _hold(self, place: int, make: Make, happened: Counter[str]) -> None:
        await asyncio.sleep(self.ramp_s * place / self.connections)
        while True:
            line = make(self.loot, place, happened)
            try:
                transport = await self._connect(line, place)
                happened["connected"] += 1
                try:
                    await line.over
                finally:
                    transport.abort()
            except OSError as error:
                happened[f"refused: {type(error).__name__}"] += 1
            await asyncio.sleep(REOPEN_S)

    async def _connect(self, line: Line, place: int) -> asyncio.Transport:
        dialled = await address.dial(
            address.of_attacker(place, KINDS[self.kind].addresses), self.loot.target, line.RECEIVE_BYTES
        )
        transport, _line = await asyncio.get_running_loop().create_connection(lambda: line, sock=dialled)
        return transport

    async def _tell(self, happened: Counter[str], told: Told) -> None:
        try:
            while True:
                await asyncio.sleep(TELL_EVERY_S)
                self._say(happened, told)
        finally:
            self._say(happened, told)

    def _say(self, happened: Counter[str], told: Told) -> None:
        if happened:
            told.append(Deed(self.kind, Counter(happened)))
            happened.clear()
