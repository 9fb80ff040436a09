"""Start of a board's process: the ROM into memory, its address to the board, then MicroPython and nothing else.

Run by the interpreter in isolation (-I -S), so it knows no package but the one folder it is told.
Arguments: folder of micropython_run, file of the ROM, heap size for -X heapsize.
"""

import sys
from pathlib import Path

BOOT = "import uctypes,vfs,sys,uos;vfs.mount(vfs.VfsRom(uctypes.bytearray_at({address},{size})),'/rom');\
sys.path[:]=['/rom','.frozen'];import _boot"


def main() -> None:
    folder, rom_path, heap = sys.argv[1:]
    sys.path.append(folder)
    from micropython_run import run_main  # type: ignore[import-not-found]

    rom = Path(rom_path).read_bytes()
    address = id(rom) + bytes.__basicsize__ - 1  # where CPython keeps a bytes object's content, which never moves
    run_main(["micropython", "-X", f"heapsize={heap}", "-c", BOOT.format(address=address, size=len(rom))])


main()
