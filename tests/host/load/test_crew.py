"""Processes tell what happens, end when they are told to or when their time is over, and are missed when they die."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from tools.flash.build import ROOT
from tools.load.crew import Crew, Died, Told
from tools.load.records import HEALTH, Message, Sample

LONG_S = 60.0


@dataclass(frozen=True)
class Diligent:
    """Says that it is there, and at the end that it goes."""

    async def run(self, told: Told) -> None:
        told.append(Sample(HEALTH, 0.0, float(os.getpid())))
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            told.append(Sample(HEALTH, 1.0, 0.0))


@dataclass(frozen=True)
class Faulty:
    """Ends by a fault."""

    async def run(self, told: Told) -> None:
        raise RuntimeError("on purpose")


def first(parcels: Iterable[list[Message]]) -> Message:
    return next(message for parcel in parcels for message in parcel)


def test_it_tells_and_is_told_to_stop() -> None:
    with Crew() as crew:
        crew.start("diligent", Diligent(), LONG_S)
        assert isinstance(first(crew.hear(time.monotonic() + LONG_S)), Sample)
        assert [message for parcel in crew.stop("diligent") for message in parcel] == [Sample(HEALTH, 1.0, 0.0)]


@pytest.mark.parametrize("how", [Faulty(), signal.SIGKILL])
def test_one_that_dies_is_missed(how: Faulty | signal.Signals) -> None:
    with Crew() as crew:
        crew.start("unlucky", how if isinstance(how, Faulty) else Diligent(), LONG_S)
        if not isinstance(how, Faulty):
            first(crew.hear(time.monotonic() + LONG_S))
            os.kill(crew.pid("unlucky"), how)
        with pytest.raises(Died, match="the process unlucky ended with"):
            list(crew.hear(time.monotonic() + LONG_S))


def test_it_ends_when_its_time_is_over() -> None:
    with Crew() as crew:
        crew.start("short", Diligent(), 0.0)
        with pytest.raises(Died, match="short ended with 0"):
            list(crew.hear(time.monotonic() + LONG_S))


ORPHANS = f"""
import time
from tests.host.load.test_crew import Diligent
from tools.load.crew import Crew
if __name__ == "__main__":
    crew = Crew()
    crew.start("orphan", Diligent(), {LONG_S})
    for parcel in crew.hear(time.monotonic() + {LONG_S}):
        for message in parcel:
            print(int(message.took_s), flush=True)
"""


def test_nobody_outlives_the_play(tmp_path: object) -> None:
    script = f"{tmp_path}/play.py"
    with open(script, "w") as file:
        file.write(ORPHANS)
    path = {"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}", "PATH": "/usr/bin:/bin"}
    with subprocess.Popen([sys.executable, script], cwd=ROOT, env=path, stdout=subprocess.PIPE, text=True) as play:
        assert play.stdout is not None
        orphan = os.pidfd_open(int(play.stdout.readline()))
        play.kill()
        play.wait()
        try:
            assert asyncio.run(_readable(orphan)), "it lives on"
        finally:
            os.close(orphan)


async def _readable(file: int) -> bool:
    """A pidfd is readable when its process has ended."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(file, ended.set)
    async with asyncio.timeout(LONG_S):
        return await ended.wait()
