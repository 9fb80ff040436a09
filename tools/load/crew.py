"""Processes beside the server: they tell what happens through a pipe, and end when their time is over, when they are
told to, or when the play is gone, whatever comes first.
"""

import asyncio
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Final, Protocol, Self

from tools.load.records import Message

TELL_EVERY_S: Final = 0.25
STOP_S: Final = 5.0


class Died(Exception):
    """A process ended that should have gone on; the text says which, for a person."""


class Told(list[Message]):
    """What is to be told with the next parcel."""


class Job(Protocol):
    """What a process does until it is cancelled. It travels to the process by pickle."""

    async def run(self, told: Told) -> None:
        """For ever, or until there is nothing left to do."""


@dataclass
class _Member:
    process: BaseProcess
    pipe: Connection
    stopping: bool = False
    heard: bool = False


class Crew:
    """All processes of one play."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._members: dict[str, _Member] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(list(self._members))

    def start(self, name: str, job: Job, seconds_max: float, niceness: int = 0) -> None:
        """``niceness`` = how much it stands back for the others on this computer."""
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_live, args=(job, theirs, seconds_max, niceness), name=f"perscan load: {name}", daemon=True
        )
        process.start()
        theirs.close()
        self._members[name] = _Member(process, ours)

    def pid(self, name: str) -> int:
        """Of a process that runs."""
        return self._members[name].process.pid or 0

    def hear(self, until_s: float) -> Iterator[list[Message]]:
        """What they tell, parcel by parcel, until that moment. Raises Died."""
        while (left_s := until_s - time.monotonic()) > 0:
            yield self._heard(left_s)

    def await_all(self, until_s: float) -> Iterator[list[Message]]:
        """What they tell until everybody is there, or until that moment. Raises Died."""
        while not all(member.heard for member in self._members.values()) and time.monotonic() < until_s:
            yield self._heard(until_s - time.monotonic())

    def stop(self, *names: str) -> Iterator[list[Message]]:
        """End these, and hear what they still have to tell."""
        for name in names:
            member = self._members[name]
            member.stopping = True
            if member.process.is_alive():
                member.process.terminate()
        end_s = time.monotonic() + STOP_S
        while any(name in self._members for name in names) and time.monotonic() < end_s:
            yield self._heard(end_s - time.monotonic())
        self._end([name for name in names if name in self._members])

    def _heard(self, left_s: float) -> list[Message]:
        heard: list[Message] = []
        pipes = {member.pipe: name for name, member in self._members.items()}
        for pipe in wait(list(pipes), max(0.0, left_s)):
            assert isinstance(pipe, Connection)
            try:
                heard += pipe.recv()
                self._members[pipes[pipe]].heard = True
            except EOFError:
                self._gone(pipes[pipe])
        return heard

    def _gone(self, name: str) -> None:
        member = self._members.pop(name)
        member.pipe.close()
        member.process.join(STOP_S)
        if not member.stopping:
            raise Died(f"the process {name} ended with {member.process.exitcode}")

    def _end(self, names: list[str]) -> None:
        for name in names:
            self._members[name].process.terminate()
        for name in names:
            member = self._members.pop(name)
            member.process.join(STOP_S)
            if member.process.is_alive():
                member.process.kill()
            member.pipe.close()


def _live(job: Job, pipe: Connection, seconds_max: float, niceness: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the play, which ends us itself
    os.nice(niceness)
    raise_file_limit()
    asyncio.run(_until_told(job, pipe, seconds_max))


def raise_file_limit() -> int:
    """As many open files as this process may have; how many that are."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


async def _until_told(job: Job, pipe: Connection, seconds_max: float) -> None:
    loop, told = asyncio.get_running_loop(), Told()
    work = asyncio.create_task(job.run(told))
    teller = asyncio.create_task(_tell(told, pipe))
    for polite in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(polite, work.cancel)
    parent = multiprocessing.parent_process()
    assert parent is not None
    loop.add_reader(parent.sentinel, work.cancel)
    loop.call_later(seconds_max, work.cancel)
    try:
        with suppress(asyncio.CancelledError):
            await work
    finally:
        teller.cancel()
        with suppress(OSError):  # nobody listens any more
            pipe.send(list(told))


async def _tell(told: Told, pipe: Connection) -> None:
    while True:
        parcel, told[:] = list(told), []
        pipe.send(parcel)  # the first one, which is empty, says that we are there
        await asyncio.sleep(TELL_EVERY_S)
