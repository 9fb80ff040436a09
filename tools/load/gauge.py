"""The server, looked at from outside by what Linux says of its process (proc(5))."""

from contextlib import suppress
from pathlib import Path
from typing import Final

KIB_A_MB: Final = 1000 * 1000 / 1024
RESET_PEAK: Final = "5"
"""What clear_refs takes to set the peak back to what is held now."""


class Gauge:
    """Of one process and those that it has started."""

    def __init__(self, pid: int) -> None:
        self._folder = Path("/proc") / str(pid)
        self._peak_mb = 0.0

    @property
    def peak_mb(self) -> float:
        """The most memory that they ever held."""
        self._peak_mb = max(self._peak_mb, self._high_water_mb())
        return self._peak_mb

    def lap_mb(self) -> float:
        """The most since the last lap; the next begins."""
        peak_mb = self._high_water_mb()
        self._peak_mb = max(self._peak_mb, peak_mb)
        for folder in self._folders():
            with suppress(OSError):  # a kernel that has no such thing: laps then only ever grow
                (folder / "clear_refs").write_text(RESET_PEAK)
        return peak_mb

    @property
    def files(self) -> int:
        """Open now."""
        return sum(map(_files, self._folders()))

    def _folders(self) -> list[Path]:
        try:
            tasks = [task / "children" for task in (self._folder / "task").iterdir()]
            started = [pid for children in tasks for pid in children.read_text().split()]
        except OSError:
            started = []
        return [self._folder, *(Path("/proc") / pid for pid in started)]

    def _high_water_mb(self) -> float:
        return sum(map(_high_water_mb, self._folders()))


def _files(folder: Path) -> int:
    try:
        return sum(1 for _ in (folder / "fd").iterdir())
    except OSError:
        return 0


def _high_water_mb(folder: Path) -> float:
    try:
        lines = (folder / "status").read_text().splitlines()
    except OSError:
        return 0.0  # it is gone; the play will notice
    return next((int(line.split()[1]) / KIB_A_MB for line in lines if line.startswith("VmHWM:")), 0.0)
