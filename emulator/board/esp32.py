# The ESP32's own module: the chip's flash as block devices, as ports/esp32/esp32_partition.c.

import _link
import uctypes
from micropython import const
from uos import getenv

_FLASH_PROGRAM = const(0x8A)
_FLASH_ERASE = const(0x8B)
_BLOCK_BYTES = const(4096)
_FILES_BYTES = const(1703936)  # of the file system: 416 blocks; emulator/image.py says the same
_ROM_BYTES = const(393216)  # the rest of the chip
_ENOENT = const(2)
_OUT_OF_RANGE = const(-258)
_IOCTL_BLOCK_COUNT = const(4)
_IOCTL_BLOCK_SIZE = const(5)
_IOCTL_BLOCK_ERASE = const(6)


_address = int(getenv("BOARD_FLASH") or 0)
del getenv


class Partition:
    # Reads come straight from the chip's memory, which the emulator shares; program and erase are asked for.
    def __init__(self, label: str) -> None:
        self._start = 0 if label == "vfs" else _FILES_BYTES
        if label not in ("vfs", "romfs"):
            raise OSError(_ENOENT)
        size = _FILES_BYTES if label == "vfs" else _ROM_BYTES
        self._memory = memoryview(uctypes.bytearray_at(_address + self._start, size))

    def readblocks(self, block: int, into: bytearray, offset: int = 0) -> None:
        _link.flash_reads += 1
        start = block * _BLOCK_BYTES + offset
        into[:] = self._memory[start : self._end(start, len(into))]

    def writeblocks(self, block: int, data: bytes, offset: int | None = None) -> None:
        if offset is None:
            for position in range(0, len(data), _BLOCK_BYTES):
                self.ioctl(_IOCTL_BLOCK_ERASE, block + position // _BLOCK_BYTES)
            offset = 0
        start = block * _BLOCK_BYTES + offset
        self._end(start, len(data))
        _link.call(_FLASH_PROGRAM, 0, (self._start + start).to_bytes(4, "little") + data)

    def ioctl(self, request: int, argument: int) -> int | None:
        if request == _IOCTL_BLOCK_COUNT:
            return len(self._memory) // _BLOCK_BYTES
        if request == _IOCTL_BLOCK_SIZE:
            return _BLOCK_BYTES
        if request == _IOCTL_BLOCK_ERASE:
            start = argument * _BLOCK_BYTES
            self._end(start, _BLOCK_BYTES)
            _link.call(_FLASH_ERASE, 0, (self._start + start).to_bytes(4, "little"))
        return 0 if 1 <= request <= _IOCTL_BLOCK_ERASE else None

    def _end(self, start: int, count: int) -> int:
        if start < 0 or start + count > len(self._memory):
            raise OSError(_OUT_OF_RANGE, "ESP_ERR_INVALID_ARG")
        return start + count
