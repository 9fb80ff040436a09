"""Machines that report. As the firmware: the journal's chain and the sealed report (the protocol's own code), what
goes into one report, the request on the wire, half a second of gathering, several exchanges on one connection while
there is something to say, and every wait and pause between attempts (`patience.py`), in real seconds.

Not as the firmware: it is Python on this computer, so sealing takes no time; there is one link (Wi-Fi) and no TLS; an
exam passes every few seconds instead of every quarter of an hour, and all its four entries are written at its end.
"""

import asyncio
import random
import time
from asyncio import Event
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from protocol import uplink
from protocol.journal import Entry

from tools.load.address import Target
from tools.load.crew import Told
from tools.load.honest.journal import FIRMWARE, Identity, Journal, StrangeAnswer
from tools.load.honest.patience import CONNECT_MS, EXCHANGE_MS, EXCHANGES_MAX, GATHER_MS, Patience
from tools.load.http import BadAnswer, Connection, request
from tools.load.records import Report, Trouble

PATH: Final = "/api/v1/uplink"
SEALED: Final = "application/cose"
OK: Final = 200


@dataclass(frozen=True)
class Machines:
    """Many, in one process. ``addresses`` = of each; ``exam_every_s`` = on each."""

    target: Target
    identities: Sequence[Identity]
    addresses: Sequence[str]
    exam_every_s: float
    seed: int
    until_s: float
    """When the last exam is over. Machines go on reporting after that."""

    async def run(self, told: Told) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as all_of_them:
            for identity, source in zip(self.identities, self.addresses, strict=True):
                fate = random.Random(f"{self.seed}/{identity.machine_id}")  # noqa: S311 (a play, not a secret)
                machine = Machine(identity, source, self.target, told, fate)
                all_of_them.create_task(machine.examine(self.exam_every_s, self.until_s))
                all_of_them.create_task(machine.report())


class Machine:
    """One machine: patients on one side, the uplink on the other."""

    def __init__(self, identity: Identity, source: str, target: Target, told: Told, fate: random.Random) -> None:
        self._journal = Journal(identity)
        self._source, self._target, self._told, self._fate = source, target, told, fate
        self._patience = Patience(fate)
        self._reported = Event()
        self._open: deque[Report] = deque()
        self._began_s = time.monotonic()
        self._link_errors = 0

    async def examine(self, every_s: float, until_s: float) -> None:
        """One card after the other, until that moment or until there are no more cards."""
        of = self._journal.identity
        self._note(self._journal.begin(int(time.time())))
        await asyncio.sleep(self._fate.random() * every_s)  # not all at the same moment
        for credit in range(of.first_credit, of.first_credit + of.credits):
            if time.monotonic() >= until_s:
                return
            self._note(self._journal.exam(credit, int(time.time())))
            await asyncio.sleep(every_s * (0.5 + self._fate.random()))

    async def report(self) -> None:
        """For ever: whenever there is something to say; after a failure, when patience says so."""
        while True:
            await self._reported.wait()
            await asyncio.sleep(GATHER_MS / 1000)
            self._reported.clear()
            while self._journal.pending:
                try:
                    moved = await self._round()
                except (OSError, BadAnswer, TimeoutError):
                    moved = False
                    self._link_errors += 1
                if moved:
                    self._patience.worked()
                else:
                    await asyncio.sleep(self._patience.pause_s())

    async def _round(self) -> bool:
        """Report after report on one connection, while each answer takes us further."""
        async with asyncio.timeout(CONNECT_MS / 1000):
            connection = await Connection.open(self._source, self._target)
        try:
            for _ in range(EXCHANGES_MAX):
                if not self._journal.pending or not connection.usable:
                    return True
                if not await self._exchange(connection):
                    return False
            return True
        finally:
            connection.close()

    async def _exchange(self, connection: Connection) -> bool:
        message = self._journal.sealed(self._health())
        asked = request("POST", PATH, self._target[0], {"Content-Type": SEALED}, message)
        for place, report in enumerate(self._open):
            self._open[place] = replace(report, tries=report.tries + 1)
        async with asyncio.timeout(EXCHANGE_MS / 1000):
            answer = await connection.exchange(asked)
        if answer.status != OK:
            return False
        try:
            moved = self._journal.take(message, answer.body)
        except StrangeAnswer as strange:
            self._told.append(Trouble(f"machine {self._journal.identity.machine_id}", str(strange)))
            return False
        self._settle()
        return moved

    def _note(self, entries: list[Entry]) -> None:
        said = tuple((entry.seq, entry.kind, entry.batch, entry.credit) for entry in entries)
        report = Report(self._journal.identity.machine_id, said, time.monotonic())
        self._open.append(report)
        self._told.append(report)
        self._reported.set()

    def _settle(self) -> None:
        now_s = time.monotonic()
        while self._open and self._open[0].entries[-1][0] <= self._journal.acked_seq:
            self._told.append(replace(self._open.popleft(), acked_s=now_s))

    def _health(self) -> dict[int, object]:
        return {
            uplink.HEALTH_UPTIME_S: int(time.monotonic() - self._began_s),
            uplink.HEALTH_FIRMWARE: FIRMWARE,
            uplink.HEALTH_HEAP_FREE_BYTES: 24_000,
            uplink.HEALTH_FLASH_FREE_BYTES: 900_000,
            uplink.HEALTH_READER_REINITS: 0,
            uplink.HEALTH_READER_VERSION: 0x92,
            uplink.HEALTH_TRANSPORT: "wifi",
            uplink.HEALTH_EPOCH: self._journal.identity.epoch,
            uplink.HEALTH_PENDING: self._journal.pending,
            uplink.HEALTH_CLOCK: int(time.time()),
            uplink.HEALTH_LINK_ERRORS: self._link_errors,
        }
