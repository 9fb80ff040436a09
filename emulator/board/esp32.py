# The ESP32's own module: the chip's flash as a block device.

import _link
from micropython import const

_FLASH_PROGRAM = const(0x8A)
_FLASH_ERASE = const(0x8B)
_BLOCK_BYTES = const(4096)
_IOCTL_BLOCK_COUNT = const(4)
_IOCTL_BLOCK_SIZE = const(5)
_IOCTL_BLOCK_ERASE = const(6)


class Partition:
    # Reads come straight from the chip's memory, which the emulator shares; program and erase are asked for.
    def __init__(self, data: bytearray) -> None:
        self._memory = memoryview(data)

    def readblocks(self, block: int, into: bytearray, offset: int = 0) -> None:
        _link.flash_reads += 1
        start = block * _BLOCK_BYTES + offset
        into[:] = self._memory[start : start + len(into)]

    def writeblocks(self, block: int, data: bytes, offset: int | None = None) -> None:
        if offset is None:
            self.ioctl(_IOCTL_BLOCK_ERASE, block)
            offset = 0
        _link.call(_FLASH_PROGRAM, 0, (block * _BLOCK_BYTES + offset).to_bytes(4, "little") + data)

    def ioctl(self, request: int, argument: int) -> int:
        if request == _IOCTL_BLOCK_COUNT:
            return len(self._memory) // _BLOCK_BYTES
        if request == _IOCTL_BLOCK_SIZE:
            return _BLOCK_BYTES
        if request == _IOCTL_BLOCK_ERASE:
            _link.call(_FLASH_ERASE, 0, (argument * _BLOCK_BYTES).to_bytes(4, "little"))
        return 0
