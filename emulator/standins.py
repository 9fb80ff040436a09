"""The board side of the seam, compiled: the folder that a board's MicroPython finds before its own modules."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from tools.flash.build import ROOT, compile_source, replace_file

SOURCES: Final = Path(__file__).parent / "board"


@cache
def standins_folder() -> Path:
    """build/board/<hash>/*.mpy; compiled, so that they cost the board's heap as little as can be."""
    sources = {path.name: path.read_bytes() for path in sorted(SOURCES.glob("*.py"))}
    digest = hashlib.sha256(repr(sources).encode()).hexdigest()[:16]
    folder = ROOT / "build" / "board" / digest
    for name, source in sources.items():
        compiled = folder / Path(name).with_suffix(".mpy")
        if not compiled.is_file():
            replace_file(compiled, compile_source(source, name))
    return folder
