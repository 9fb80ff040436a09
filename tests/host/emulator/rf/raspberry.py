"""What a reader driver for a Raspberry Pi stands on: `spidev` (bytes to the chip) and `RPi.GPIO` (nothing of interest),
with a clock that runs while it transfers.
"""

from __future__ import annotations

from types import ModuleType

from tests.host.emulator.rf.bench import Bench

UID = bytes.fromhex("2a698d43")  # of the card that lies on it
TRANSFER_US = 36  # two bytes at 1 MHz and the kernel
GPIO_CALLS = ("setmode", "getmode", "setup", "output", "add_event_detect", "cleanup")
GPIO_CONSTANTS = {"BOARD": 10, "BCM": 11, "OUT": 0, "IN": 1, "PUD_UP": 22, "FALLING": 32}


def module(name: str, **content: object) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(content)
    return made


def stand_ins(bench: Bench) -> dict[str, ModuleType]:
    """The modules that are not there, by name."""

    class SpiDev:
        max_speed_hz = 0

        def open(self, bus: int, device: int) -> None:
            assert (bus, device) == (0, 0)

        def xfer2(self, data: list[int]) -> list[int]:
            bench.clock.advance(TRANSFER_US)
            return list(bench.chip.transfer(bytes(value & 0xFF for value in data)))

        def close(self) -> None:
            return

    gpio = module("RPi.GPIO", **GPIO_CONSTANTS, **dict.fromkeys(GPIO_CALLS, lambda *args, **options: None))
    return {"spidev": module("spidev", SpiDev=SpiDev), "RPi": module("RPi", GPIO=gpio), "RPi.GPIO": gpio}
