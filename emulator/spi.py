"""One SPI bus: which device is selected, and its chip-select frames put together from the calls of a driver."""

from typing import Protocol


class SpiDevice(Protocol):
    def transfer(self, tx: bytes) -> bytes:
        """One chip-select frame; the first byte is the address byte (NXP MFRC522 data sheet 8.1.2)."""


class SpiBus:
    """A driver may send one frame in several calls while the select line is low.

    The device takes whole frames, so a later piece is given to it behind the byte that it goes on from: the
    address of a write, or the last address of a read, whose data comes back with the next byte.
    """

    def __init__(self) -> None:
        self.baudrate = 1_000_000
        self._devices: dict[int, SpiDevice] = {}
        self._selected: SpiDevice | None = None
        self._carried: int | None = None

    def attach(self, select_pin: int, device: SpiDevice) -> None:
        self._devices[select_pin] = device

    @property
    def select_pins(self) -> list[int]:
        return list(self._devices)

    def select(self, pin: int, level: bool) -> None:
        """Active low."""
        if level and self._devices[pin] is self._selected:
            self._selected = None
        elif not level:
            self._selected = self._devices[pin]
        self._carried = None

    def transfer(self, tx: bytes) -> bytes:
        device = self._selected
        if device is None or not tx:
            return b"\xff" * len(tx)
        if self._carried is None:
            self._carried = tx[0] if not tx[0] & 0x80 else tx[-1]
            return b"\x00" if len(tx) == 1 else device.transfer(tx)
        rx = device.transfer(bytes([self._carried]) + tx)[1:]
        if self._carried & 0x80:
            self._carried = tx[-1]
        return rx

    def transfer_us(self, count: int) -> int:
        return count * 8_000_000 // self.baudrate
