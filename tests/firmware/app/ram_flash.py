"""A NOR flash in memory under real littlefs, which can lose power at any operation. Helper of the tests here."""

import gc
import os
import random

import vfs

BLOCK_BYTES = 4096
ERASED = b"\xff" * BLOCK_BYTES


class PowerCut(BaseException):
    """The power went: nothing of the program runs any further."""


class RamFlash:
    """Block device. ``cut_at`` = the operation (program or erase) at which the power goes; ``half`` writes a part of it."""

    def __init__(self, blocks: int) -> None:
        gc.collect()  # one large block
        self.data = bytearray(BLOCK_BYTES * blocks)
        for block in range(blocks):
            self.data[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES] = ERASED
        self.blocks = blocks
        self.operations = 0
        self.erases = 0
        self.cut_at = None
        self.half = False
        self.dead = False

    def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None:
        start = block * BLOCK_BYTES + offset
        buffer[:] = memoryview(self.data)[start : start + len(buffer)]

    def writeblocks(self, block: int, buffer: bytes, offset: int = 0) -> None:
        start = block * BLOCK_BYTES + offset
        length = self._length(len(buffer))
        for index in range(length):
            assert buffer[index] & self.data[start + index] == buffer[index], "programmed bytes that were not erased"
        self.data[start : start + length] = buffer[:length]
        self._die()

    def ioctl(self, op: int, argument: int) -> int:
        if op == 4:
            return self.blocks
        if op == 5:
            return BLOCK_BYTES
        if op == 6:
            length = self._length(BLOCK_BYTES)
            self.erases += 1
            start = argument * BLOCK_BYTES
            self.data[start : start + length] = ERASED[:length]
            self._die()
        return 0

    def _length(self, full: int) -> int:
        if self.dead:
            raise PowerCut
        self.operations += 1
        if self.cut_at != self.operations:
            return full
        self.dead = True
        return random.randrange(full) if self.half else 0

    def _die(self) -> None:
        if self.dead:
            raise PowerCut


def format_flash(blocks: int = 48) -> RamFlash:
    """A fresh file system, mounted at /disk."""
    flash = RamFlash(blocks)
    vfs.VfsLfs2.mkfs(flash)
    mount(flash)
    return flash


def mount(flash: RamFlash) -> None:
    """The power comes back."""
    flash.dead = False
    flash.cut_at = None
    unmount()
    vfs.mount(vfs.VfsLfs2(flash), "/disk")


def unmount() -> None:
    """The file system is gone from the tree; the flash keeps its content."""
    try:
        vfs.umount("/disk")
    except OSError:
        pass


def copy_of(flash: RamFlash) -> RamFlash:
    """Another flash with the same content."""
    other = RamFlash(flash.blocks)
    other.data[:] = memoryview(flash.data)
    return other


def used_blocks() -> int:
    status = os.statvfs("/disk")
    return status[2] - status[3]
