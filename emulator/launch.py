"""Start of a board's process: ROM and flash into memory, their addresses to the board, then MicroPython alone.

Run by the interpreter in isolation (-I -S), so it knows no package but the one folder it is told.
Arguments: folder of micropython_run, file of the ROM, descriptor of the flash, heap size for -X heapsize.
"""

import mmap
import os
import sys

FLASH_BYTES = 2 * 1024 * 1024
BOOT = (
    "import uctypes, vfs, sys;"
    "rom = vfs.VfsRom(uctypes.bytearray_at({address}, {size}));"
    "vfs.mount(rom, '/.board');"
    "sys.path[:] = ['/.board', '.frozen'];"
    "__import__('_boot');"
    "from _link import run;"
    "run(globals())"
)


def main() -> None:
    folder, rom_path, flash, heap = sys.argv[1:]
    sys.path.append(folder)
    from micropython_run import run_main  # type: ignore[import-not-found]

    with open(rom_path, "rb") as file:
        rom = file.read()
    memory = mmap.mmap(int(flash), FLASH_BYTES, prot=mmap.PROT_READ)  # shared: it shows every change at once
    os.environ["BOARD_FLASH"] = str(address_of_flash())
    address = id(rom) + bytes.__basicsize__ - 1  # where CPython keeps a bytes object's content, which never moves
    run_main(["micropython", "-X", f"heapsize={heap}", "-c", BOOT.format(address=address, size=len(rom))])
    memory.close()


def address_of_flash() -> int:
    """Where the kernel put the mapping: its name is that of Flash's memfd."""
    with open("/proc/self/maps") as maps:
        return next(int(line.split("-")[0], 16) for line in maps if "/memfd:flash" in line)


if __name__ == "__main__":
    main()
