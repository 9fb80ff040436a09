# The second half of the start, as the ESP32 port's frozen _boot.py: the chip's file systems instead of the stand-ins'.
# Those are out of every path from here on; _link.seldom reaches them. Nothing here stays in the heap.
import sys

import _link
import utime
import vfs
from esp32 import Partition
from micropython import const
from uos import chdir

_AHEAD_MS = const(1 << 24)  # so long, 4.6 hours, the host may take over one start of a board
_ROM_MAGIC = b"\xd2\xcd\x31"


def _mount() -> None:
    device = Partition("vfs")
    vfs.umount("/.board")
    vfs.umount("/")
    try:
        _mount_littlefs(device)
    except OSError:
        vfs.VfsLfs2.mkfs(device)  # as the port's inisetup does
        _mount_littlefs(device)
    chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]
    _mount_rom(Partition("romfs")._memory)  # type: ignore[attr-defined]


def _mount_littlefs(device: Partition) -> None:
    # No modification times: littlefs would take them from the clock of the host.
    vfs.mount(vfs.VfsLfs2(device, mtime=False), "/")  # type: ignore[abstract]


def _mount_rom(partition: memoryview) -> None:
    # As MicroPython's own start-up does when its partition table has a ROM file system.
    if partition[:3] == _ROM_MAGIC:
        vfs.mount(vfs.VfsRom(partition), "/rom")  # type: ignore[attr-defined]
        sys.path.extend(["/rom", "/rom/lib"])


def _lend_clock() -> None:
    # asyncio's task queue is C and stamps "now" with the host's clock, which wraps at this interpreter's own period
    # (2**30 ms where a word has 32 bits). In virtual time that one stays behind ours: a task that may run now sorts
    # before every task that sleeps, and the time between them is ours alone.
    from asyncio import core  # type: ignore[attr-defined]

    _link.asyncio_mask = utime.ticks_add(0, -1)  # type: ignore[type-var]
    _link.asyncio_base_ms = utime.ticks_add(utime.ticks_ms(), _AHEAD_MS)
    core.ticks = _link.ticks_for_asyncio if _link.real_base_us is None else utime.ticks_ms
    core.ticks_add = utime.ticks_add
    core.ticks_diff = utime.ticks_diff


def _hide_host() -> None:
    # "import utime" finds the interpreter's own module wherever none of that name is loaded: it shall find ours. The
    # stand-ins know the host's by another name.
    for name in ("time", "os", "select", "socket", "machine"):
        sys.modules["_host_" + name] = __import__("u" + name)
        sys.modules["u" + name] = __import__(name)


for _watch in ("_heap_watch", "_turn_watch"):
    if _watch in sys.modules:
        sys.modules[_watch].watch()
_lend_clock()
_mount()
_hide_host()
del sys.modules["_mount"]
