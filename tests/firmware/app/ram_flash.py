"""A NOR flash in memory under real littlefs, and the states it goes through. Helper of the tests here.

A power cut is not played by stopping the program inside littlefs: this flash writes down every operation, and a test
builds the flash as it was before (or halfway through) each of them, and mounts that.
"""

import gc
import os
import random
from errno import EIO

import vfs

BLOCK_BYTES = 4096
ERASED = b"\xff" * BLOCK_BYTES


class RamFlash:
    """Block device. While ``log`` is a list, every program and erase is appended to it as (place, content)."""

    def __init__(self, blocks: int) -> None:
        gc.collect()  # one large block
        self.data = bytearray(BLOCK_BYTES * blocks)
        self.blocks = blocks
        self.operations = 0
        self.erases = 0
        self.read_bytes = 0
        self.grace = None  # operations that still succeed before each one is refused; None: all do
        self.has_refused = False  # then littlefs programs that place again, reads it back, and goes elsewhere
        self.log = None
        for block in range(blocks):
            self._apply(block * BLOCK_BYTES, ERASED)

    def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None:
        self.read_bytes += len(buffer)
        start = block * BLOCK_BYTES + offset
        buffer[:] = memoryview(self.data)[start : start + len(buffer)]

    def writeblocks(self, block: int, buffer: bytes, offset: int = 0) -> int:
        start = block * BLOCK_BYTES + offset
        before = int.from_bytes(self.data[start : start + len(buffer)], "big")
        wanted = int.from_bytes(buffer, "big")
        assert self.has_refused or before & wanted == wanted, "programmed bytes that were not erased"
        return self._change(start, (before & wanted).to_bytes(len(buffer), "big"))

    def ioctl(self, op: int, argument: int) -> int:
        if op == 4:
            return self.blocks
        if op == 5:
            return BLOCK_BYTES
        if op == 6:
            self.erases += 1
            return self._change(argument * BLOCK_BYTES, ERASED)
        return 0

    def become(self, other: "RamFlash") -> None:
        self.data[:] = memoryview(other.data)

    def redo(self, operation: tuple[int, bytes], half: bool = False) -> None:
        """Do a logged operation, or a random first part of it."""
        start, content = operation
        self._apply(start, content[: random.randrange(len(content))] if half else content)  # noqa: S311

    def _change(self, start: int, content: bytes) -> int:
        """0, or an error as a block device answers it."""
        if self.grace is not None:
            if not self.grace:
                self.has_refused = True
                return -EIO
            self.grace -= 1
        self.operations += 1
        if self.log is not None:
            self.log.append((start, content))
        self._apply(start, content)
        return 0

    def _apply(self, start: int, content: bytes) -> None:
        self.data[start : start + len(content)] = content


def format_flash(blocks: int = 48) -> RamFlash:
    """A fresh file system, mounted at /disk."""
    flash = RamFlash(blocks)
    vfs.VfsLfs2.mkfs(flash)
    mount(flash)
    return flash


def mount(flash: RamFlash) -> None:
    """The power comes (back). Close what is open first."""
    if "disk" in os.listdir("/"):
        vfs.umount("/disk")
    vfs.mount(vfs.VfsLfs2(flash), "/disk")


def copy_of(flash: RamFlash) -> RamFlash:
    """Another flash with the same content."""
    other = RamFlash(flash.blocks)
    other.become(flash)
    return other


def cuts(past: RamFlash, log: "list[tuple[int, bytes]]") -> "Iterator[tuple[int, bool, RamFlash]]":
    """A flash as the power leaves it before each of these operations, and halfway through it, mounted.

    Gives (operations before that, whether it was halfway, the flash). ``past`` is as it was before the first; it goes
    along.
    """
    cut = copy_of(past)
    for number, operation in enumerate(log):
        for half in (False, True):
            cut.become(past)
            if half:
                cut.redo(operation, half=True)
            mount(cut)
            yield number, half, cut
        past.redo(operation)


def used_blocks() -> int:
    status = os.statvfs("/disk")
    return status[2] - status[3]


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
