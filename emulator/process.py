"""One board's MicroPython process: start, talk, kill."""

import os
import select
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from emulator.frames import ANSWER_HEAD, Item, ItemParser
from emulator.standins import standins_rom

READ_BYTES: Final = 65536
HANG_LIMIT_S: Final = 30.0  # real seconds that a board may compute without asking for anything
DEFAULT_HEAP: Final = "2M"
CPU_CLOCK_OF_PROCESS: Final = 2  # Linux clock ids: (~pid << 3) | 2 is the CPU clock of another process
LAUNCHER: Final = Path(__file__).parent / "launch.py"


class ProcessGone(Exception):
    """The process ended by itself; its log says why."""


class ProcessSilent(Exception):
    """HANG_LIMIT_S passed without a request."""


class BoardProcess:
    """Pipes are created here and closed here."""

    def __init__(self, flash_descriptor: int, heap_words_k: int | None, log_descriptor: int) -> None:
        answers_read, self._answers = os.pipe()
        self.requests, requests_write = os.pipe()
        link = (answers_read, requests_write)
        heap = DEFAULT_HEAP if heap_words_k is None else f"{heap_words_k}wK"
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", LAUNCHER, _port_folder(), standins_rom(), str(flash_descriptor), heap],
            env={"BOARD_LINK": ",".join(map(str, link))},
            pass_fds=(*link, flash_descriptor),
            stdin=subprocess.DEVNULL,
            stdout=log_descriptor,
            stderr=log_descriptor,
            process_group=0,  # Ctrl-C at the terminal is no event of the emulated world
        )
        os.close(answers_read)
        os.close(requests_write)
        self._parser = ItemParser()
        self._poll = select.poll()
        self._poll.register(self.requests, select.POLLIN)
        self._booted_cpu_us = 0

    def receive(self) -> list[Item]:
        """At least a part of what the board says next; waits for it."""
        if not self._poll.poll(HANG_LIMIT_S * 1000):
            raise ProcessSilent
        return self.receive_ready()

    def receive_ready(self) -> list[Item]:
        data = os.read(self.requests, READ_BYTES)
        if not data:
            raise ProcessGone
        return self._parser.feed(data)

    def answer(self, now_us: int, value: int, interrupts: int, flags: int, payload: bytes) -> None:
        try:
            os.write(self._answers, ANSWER_HEAD.pack(now_us, value, interrupts, flags) + payload)
        except BrokenPipeError:
            raise ProcessGone from None

    @property
    def process_id(self) -> int:
        return self._process.pid

    def start_measuring(self) -> None:
        self._booted_cpu_us = self._cpu_clock_us()

    @property
    def cpu_us(self) -> int:
        """CPU time since start_measuring()."""
        return self._cpu_clock_us() - self._booted_cpu_us

    def _cpu_clock_us(self) -> int:
        return time.clock_gettime_ns((~self._process.pid << 3) | CPU_CLOCK_OF_PROCESS) // 1000

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._answers)
        os.close(self.requests)


def lives(process_id: int) -> bool:
    """Whether there is a process of that number."""
    return Path(f"/proc/{process_id}").exists()


def _port_folder() -> str:
    spec = find_spec("micropython_run")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("micropython_run: install the extra 'emulator'")
    return str(Path(spec.origin).parent)
