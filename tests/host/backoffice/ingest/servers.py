"""Real server processes on loopback, to be stopped the hard way."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from backoffice.settings import Settings

ROOT = Path(__file__).parents[4]
SERVE = ["-m", "backoffice.cli", "serve", "--port", "0"]
STALLING = [str(Path(__file__).with_name("stalling_server.py"))]
LINES_MAX = 20
LIFE_MAX_S = 60
"""A server that a test waits for in vain is killed, so that the test ends."""


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    address: str
    output: IO[str]

    def wait_for_line(self, words: str) -> str:
        """Read the server's output up to the line with these words."""
        for _ in range(LINES_MAX):
            line = self.output.readline()
            if words in line:
                return line
            assert line, "the server ended"
        raise AssertionError(f"the server never said {words!r}")

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running(settings: Settings, arguments: list[str]) -> Iterator[Server]:
    """A server process on the settings' database."""
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'shared'}",
        "PERSCAN_DATABASE_URL": settings.database_url,
        "PERSCAN_KEYRING_PATH": str(settings.keyring_path),
        "PERSCAN_PORT": "0",
    }
    command = [sys.executable, *arguments]
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        server = Server(process, "", process.stdout)
        guard = threading.Timer(LIFE_MAX_S, process.kill)
        guard.start()
        try:
            server.address = server.wait_for_line("Perscan back office:").split()[-1]
            yield server
        finally:
            guard.cancel()
            server.kill()
