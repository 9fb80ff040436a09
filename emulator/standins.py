"""The board side of the seam as a ROM: what a board's MicroPython finds before its own modules.

On an ESP32 these modules lie in flash and cost no heap. So here: a ROM file system (MicroPython's VfsRom) in the
memory of the process but outside the board's heap; bytecode runs from there in place. What is left on the heap are
the function and class objects, which Board.heap_report counts as stand_ins.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from emulator.rom import make_rom
from tools.flash.build import ROOT, compile_source, replace_file

SOURCES: Final = Path(__file__).parent / "board"


@cache
def standins_rom() -> Path:
    """build/board/<hash>.romfs with every stand-in, compiled."""
    sources = {path.name: path.read_bytes() for path in sorted(SOURCES.glob("*.py"))}
    digest = hashlib.sha256(repr(sources).encode()).hexdigest()[:32]
    rom = ROOT / "build" / "board" / f"{digest}.romfs"
    if not rom.is_file():
        replace_file(rom, _rom(sources))
    return rom


def _rom(sources: dict[str, bytes]) -> bytes:
    return make_rom({name.replace(".py", ".mpy"): compile_source(source, name) for name, source in sources.items()})
