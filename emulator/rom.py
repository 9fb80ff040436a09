"""ROM file systems (MicroPython's VfsRom), whose modules run in place, from wherever they lie in memory."""

import contextlib
import io
import tempfile
from pathlib import Path

from mpremote.romfs import make_romfs  # type: ignore[import-untyped]


def make_rom(files: dict[str, bytes]) -> bytes:
    """The image of these files by their paths."""
    with tempfile.TemporaryDirectory() as folder:
        for path, data in files.items():
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        with contextlib.redirect_stdout(io.StringIO()):  # it lists the files
            return bytes(make_romfs(folder + "/", mpy_cross=False))
