# Plays the part of the ESP32 port's frozen _boot.py and of its start-up code: file system, boot.py, main.py.
# Everything of the emulator is imported before its ROM disappears.
import builtins
import gc
import os
import random
import select
import socket
import sys
import time
from struct import pack

import _link
import esp32
import machine
import network
import uctypes
import vfs
from micropython import const
from uos import getenv

_FLASH_PROGRAM = const(0x8A)
_FLASH_ERASE = const(0x8B)
_FLASH_READS = const(0x0F)
_HEAP = const(0x0C)
_HALT = const(0x8E)
_BLOCK_BYTES = const(4096)
_BLOCKS = const(416)  # of the file system; emulator/image.py says the same
_ROM_BYTES = const(393216)  # the rest of the chip: the partition "romfs"
_ROM_MAGIC = b"\xd2\xcd\x31"


class _Flash:
    # Reads come straight from the chip's memory, which the emulator shares; program and erase are asked for.
    def __init__(self, address: int) -> None:
        self._memory = memoryview(uctypes.bytearray_at(address, _BLOCKS * _BLOCK_BYTES))

    def readblocks(self, block: int, into: bytearray, offset: int = 0) -> None:
        _link.flash_reads += 1
        start = block * _BLOCK_BYTES + offset
        into[:] = self._memory[start : start + len(into)]

    def writeblocks(self, block: int, data: bytes, offset: int | None = None) -> None:
        if offset is None:
            _link.call(_FLASH_ERASE, 0, pack("<I", block * _BLOCK_BYTES))
            offset = 0
        _link.call(_FLASH_PROGRAM, 0, pack("<I", block * _BLOCK_BYTES + offset) + data)

    def ioctl(self, request: int, argument: int) -> int:
        if request == 4:
            return _BLOCKS
        if request == 5:
            return _BLOCK_BYTES
        if request == 6:
            _link.call(_FLASH_ERASE, 0, pack("<I", argument * _BLOCK_BYTES))
        return 0


def _mount() -> None:
    address = int(getenv("BOARD_FLASH") or 0)
    device = _Flash(address)
    vfs.umount("/rom")
    vfs.umount("/")
    try:
        _mount_littlefs(device)
    except OSError:
        vfs.VfsLfs2.mkfs(device)  # type: ignore[arg-type]  # as the port's inisetup does
        _mount_littlefs(device)
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]
    _mount_rom(uctypes.bytearray_at(address + _BLOCKS * _BLOCK_BYTES, _ROM_BYTES))


def _mount_rom(partition: bytearray) -> None:
    # As MicroPython's own start-up does when its partition table has a ROM file system.
    if partition[:3] == _ROM_MAGIC:
        vfs.mount(vfs.VfsRom(partition), "/rom")  # type: ignore[attr-defined]
        sys.path.extend(["/rom", "/rom/lib"])


def _mount_littlefs(device: _Flash) -> None:
    # No modification times: littlefs would take them from the clock of the host.
    vfs.mount(vfs.VfsLfs2(device, mtime=False), "/")  # type: ignore[abstract, arg-type]


def _run(name: str, scope: dict) -> None:
    if name not in os.listdir("/"):
        return
    try:
        builtins.execfile("/" + name, scope)
    except Exception as error:
        sys.print_exception(error)


def _start() -> None:
    seed, options = _link.boot()
    random.seed(seed)
    if options & 1:
        import _heap_watch  # as long as the ROM is mounted
    if options & 2:
        import _turn_watch  # type: ignore[import-not-found]
    gc.collect()
    _link.put(_HEAP, 0, "stand_ins {} {}".format(gc.mem_alloc(), gc.mem_free()).encode())
    if options & 1:
        _heap_watch.watch()
    if options & 2:
        _turn_watch.watch()
    _lend_clock()
    _mount()
    scope = {"__name__": "__main__"}
    _run("boot.py", scope)
    _run("main.py", scope)
    _link.call(_HALT, 0)


def _lend_clock() -> None:
    # asyncio's task queue is C and stamps "now" with the host's clock. In virtual time that one stays far behind
    # ours: a task that may run now sorts before every task that sleeps, and the time between them is ours alone.
    from asyncio import core  # type: ignore[attr-defined]

    import utime

    core.ticks = utime.ticks_ms if _link.real_time() else _link.ticks_for_asyncio
    core.ticks_add = utime.ticks_add
    core.ticks_diff = utime.ticks_diff


_start()
