"""`perscan serve` with the world's clock: weeks of virtual time pass in minutes, and the back office must live in them.

Everything else is as `perscan serve` does it: the same application, the same server, the same PERSCAN_* variables.
Argument: the file in which the world writes what time it is, unix seconds, eight bytes.
"""

import os
import sys
from pathlib import Path
from typing import Final

from backoffice import logs
from backoffice.app import create_app
from backoffice.cli import run
from backoffice.settings import Settings

TIME_BYTES: Final = 8


class WorldClock:
    """Both ends of the file: tell() in the world, call it in the server."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def tell(self, unix_time_s: int) -> None:
        """In one write, so nobody reads half a time."""
        os.pwrite(self._file, unix_time_s.to_bytes(TIME_BYTES, "big"), 0)

    def __call__(self) -> int:
        return int.from_bytes(os.pread(self._file, TIME_BYTES, 0), "big")

    def close(self) -> None:
        """Let the file go."""
        os.close(self._file)


def main() -> None:
    settings = Settings.from_environment()
    logs.configure(settings.log_level, settings.log_json)
    run(create_app(settings, WorldClock(Path(sys.argv[1]))), settings)


if __name__ == "__main__":
    main()
