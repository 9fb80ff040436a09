# The second half of the start, as the ESP32 port's frozen _boot.py: the chip's file systems instead of the stand-ins'.
# Those are out of every path from here on; _link.seldom reaches them. Nothing here stays in the heap.
import sys

import _link
import uctypes
import utime
import vfs
from esp32 import Partition
from micropython import const
from uos import chdir, getenv

_FILES_BYTES = const(1703936)  # of the file system: 416 blocks; emulator/image.py says the same
_ROM_BYTES = const(393216)  # the rest of the chip: the partition "romfs"
_ROM_MAGIC = b"\xd2\xcd\x31"


def _mount() -> None:
    address = int(getenv("BOARD_FLASH") or 0)
    device = Partition(uctypes.bytearray_at(address, _FILES_BYTES))  # type: ignore[arg-type]  # ours
    vfs.umount("/.board")
    vfs.umount("/")
    try:
        _mount_littlefs(device)
    except OSError:
        vfs.VfsLfs2.mkfs(device)  # as the port's inisetup does
        _mount_littlefs(device)
    chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]
    _mount_rom(uctypes.bytearray_at(address + _FILES_BYTES, _ROM_BYTES))


def _mount_littlefs(device: Partition) -> None:
    # No modification times: littlefs would take them from the clock of the host.
    vfs.mount(vfs.VfsLfs2(device, mtime=False), "/")  # type: ignore[abstract]


def _mount_rom(partition: bytearray) -> None:
    # As MicroPython's own start-up does when its partition table has a ROM file system.
    if partition[:3] == _ROM_MAGIC:
        vfs.mount(vfs.VfsRom(partition), "/rom")  # type: ignore[attr-defined]
        sys.path.extend(["/rom", "/rom/lib"])


def _lend_clock() -> None:
    # asyncio's task queue is C and stamps "now" with the host's clock. In virtual time that one stays far behind
    # ours: a task that may run now sorts before every task that sleeps, and the time between them is ours alone.
    from asyncio import core  # type: ignore[attr-defined]

    core.ticks = _link.ticks_for_asyncio if _link.real_base_us is None else utime.ticks_ms
    core.ticks_add = utime.ticks_add
    core.ticks_diff = utime.ticks_diff


for _watch in ("_heap_watch", "_turn_watch"):
    if _watch in sys.modules:
        sys.modules[_watch].watch()
_lend_clock()
_mount()
del sys.modules["_mount"]
