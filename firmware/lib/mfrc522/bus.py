"""The MFRC522 on SPI (NXP MFRC522 data sheet 8.1.2): one chip-select frame per access, however many bytes it moves.

Every `machine.SPI` call costs an ESP32 about 28 us before the first bit moves, so bursts are what makes a tap quick.
"""

from micropython import const

from mfrc522.registers import FIFO_DATA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import SPI, Pin

FIFO_BYTES = const(64)
_READ = const(0x80)


class SpiBus:
    """Register access. `transactions` counts the chip-select frames."""

    def __init__(self, spi: "SPI", cs: "Pin") -> None:
        self._spi = spi
        self._cs = cs
        self.transactions = 0
        self._tx = bytearray(FIFO_BYTES + 1)
        self._rx = bytearray(FIFO_BYTES + 1)
        self._tx_view = memoryview(self._tx)
        self._rx_view = memoryview(self._rx)
        self._tx_pair = self._tx_view[:2]
        self._rx_pair = self._rx_view[:2]
        cs.init(cs.OUT, value=1)

    def read(self, register: int) -> int:
        """One register."""
        self._tx[0] = _READ | register << 1
        self._tx[1] = 0
        self._exchange(self._tx_pair, self._rx_pair)
        return self._rx[1]

    def write(self, register: int, value: int) -> None:
        """One register."""
        self._tx[0] = register << 1
        self._tx[1] = value
        self._exchange(self._tx_pair, self._rx_pair)

    def read_many(self, plan: bytes, values: bytearray) -> None:
        """The registers of `plan` (see plan()) in one frame; `values` has them from index 1 on (table 6)."""
        self._exchange(plan, values)

    def read_fifo(self, target: bytearray, count: int) -> None:
        """`count` bytes out of the FIFO, to the start of `target`."""
        address = _READ | FIFO_DATA << 1
        for index in range(count):
            self._tx[index] = address
        self._tx[count] = 0
        self._exchange(self._tx_view[: count + 1], self._rx_view[: count + 1])
        for index in range(count):
            target[index] = self._rx[index + 1]

    def write_fifo(self, source: bytes | bytearray | memoryview, count: int) -> None:
        """The first `count` bytes of `source` into the FIFO."""
        self._tx[0] = FIFO_DATA << 1
        for index in range(count):
            self._tx[index + 1] = source[index]
        self._exchange(self._tx_view[: count + 1], self._rx_view[: count + 1])

    def _exchange(self, tx: bytes | memoryview, rx: bytearray | memoryview) -> None:
        self.transactions += 1
        self._cs(0)
        self._spi.write_readinto(tx, rx)
        self._cs(1)


def plan(registers: tuple[int, ...]) -> bytes:
    """What read_many() clocks out to read `registers` one after the other."""
    return bytes([_READ | register << 1 for register in registers]) + b"\x00"
