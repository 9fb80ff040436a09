"""The back office as a process of its own, as an administrator would start it."""

import os
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from backoffice.supervision import Worker
from tools.demo.errors import DemoFailed

START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 10
LOG_LINES_KEPT = 200
PERSCAN_SERVE = ("tools.cli", "serve")
ADDRESS = re.compile(r"^Perscan back office: (https?://\S+)")
SETUP_LINK = re.compile(r"https?://\S+/setup#(\S+)")


class Server:
    """`perscan serve` on a free loopback port, its database and keys in ``folder``.

    ``settings`` = PERSCAN_* variables beyond those, ``program`` = what is run instead of `perscan serve` itself."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str] | None = None, program: Sequence[str] = PERSCAN_SERVE
    ) -> None:
        self.folder = folder
        self.database = folder / "perscan.db"
        self.url = ""
        self._setup_token = ""
        self._log: deque[str] = deque(maxlen=LOG_LINES_KEPT)
        self._address_said = threading.Event()
        self._setup_said = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-m", *program],
            env=self._environment(settings or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",  # whatever it prints, the pipe is emptied: else it would wait for us
            process_group=0,  # Ctrl-C is for the play, which stops its server itself
        )
        self._ended = threading.Event()
        Worker("server log").start_thread(self._read, self._ended)

    def __enter__(self) -> "Server":
        self.await_start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def await_start(self) -> None:
        """Until it says where it listens."""
        if not self._address_said.wait(START_TIMEOUT_S) or not self.url:
            self.stop()
            raise DemoFailed("The back office did not start:\n" + self.log_text())

    @property
    def setup_token(self) -> str:
        """What makes the first administrator; a back office that has one never says it."""
        if not self._setup_said.wait(START_TIMEOUT_S) or not self._setup_token:
            raise DemoFailed("The back office offers no setup:\n" + self.log_text())
        return self._setup_token

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """False when it has ended, for whatever reason."""
        return self._process.poll() is None

    def kill(self) -> None:
        """As a power cut ends it: not one instruction more."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it as an operating system would: politely first."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def log_text(self) -> str:
        return "\n".join(self._log)

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("PERSCAN_")}
        return {
            **own,
            "PERSCAN_DATABASE_URL": f"sqlite:///{self.database}",
            "PERSCAN_KEYRING_PATH": str(self.folder / "keyring.json"),
            "PERSCAN_PORT": "0",
            "PYTHONUNBUFFERED": "1",
            **settings,
        }

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._log.append(line.rstrip())
            if found := ADDRESS.search(line):
                self.url = found[1]
                self._address_said.set()
            elif found := SETUP_LINK.search(line):
                self._setup_token = found[1]
                self._setup_said.set()
        self._process.stdout.close()
        self._ended.set()
        self._address_said.set()  # or it ended without a word: nobody waits for it any longer
        self._setup_said.set()
