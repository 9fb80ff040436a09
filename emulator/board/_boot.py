# Plays the part of the ESP32 port's frozen _boot.py and of its start-up code: file system, boot.py, main.py.
# Everything of the emulator is imported before the file system of the host disappears.
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
_BLOCKS = const(512)


class _Flash:
    # Reads come straight from the chip's memory, which the emulator shares; program and erase are asked for.
    def __init__(self):
        self._memory = memoryview(uctypes.bytearray_at(int(getenv("BOARD_FLASH")), _BLOCKS * _BLOCK_BYTES))

    def readblocks(self, block, into, offset=0):
        _link.flash_reads += 1
        start = block * _BLOCK_BYTES + offset
        into[:] = self._memory[start : start + len(into)]

    def writeblocks(self, block, data, offset=None):
        if offset is None:
            _link.call(_FLASH_ERASE, 0, pack("<I", block * _BLOCK_BYTES))
            offset = 0
        _link.call(_FLASH_PROGRAM, 0, pack("<I", block * _BLOCK_BYTES + offset) + data)

    def ioctl(self, request, argument):
        if request == 4:
            return _BLOCKS
        if request == 5:
            return _BLOCK_BYTES
        if request == 6:
            _link.call(_FLASH_ERASE, 0, pack("<I", argument * _BLOCK_BYTES))
        return 0


def _mount():
    device = _Flash()
    vfs.umount("/rom")
    vfs.umount("/")
    try:
        # No modification times: littlefs would take them from the clock of the host.
        vfs.mount(vfs.VfsLfs2(device, mtime=False), "/")
    except OSError:
        vfs.VfsLfs2.mkfs(device)  # as the port's inisetup does
        vfs.mount(vfs.VfsLfs2(device, mtime=False), "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]


def _run(path, scope):
    try:
        builtins.execfile(path, scope)
    except OSError as error:
        if error.errno != 2:
            sys.print_exception(error)
    except Exception as error:
        sys.print_exception(error)


def _start():
    _, time.ticks_base_us, seed, machine._cause, options, machine._unique_id, patience_ms = _link.boot()
    select.network_patience_ms = patience_ms
    random.seed(seed)
    if options:
        import _heap_watch  # as long as the ROM is mounted
    gc.collect()
    _link.put(_HEAP, 0, "stand_ins {} {}".format(gc.mem_alloc(), gc.mem_free()).encode())
    if options:
        _heap_watch.watch()
    _lend_clock()
    _mount()
    scope = {"__name__": "__main__"}
    _run("/boot.py", scope)
    _run("/main.py", scope)
    _link.call(_HALT, 0)


def _lend_clock():
    # asyncio's task queue is C and stamps "now" with the host's clock. In virtual time that one stays far behind
    # ours: a task that may run now sorts before every task that sleeps, and the time between them is ours alone.
    from asyncio import core

    import utime

    core.ticks = utime.ticks_ms if _link.real_time() else _link.ticks_for_asyncio
    core.ticks_add = utime.ticks_add
    core.ticks_diff = utime.ticks_diff


_start()
