"""The digital self-test (data sheet 16.1.1): CalcCRC, while AutoTestReg says so, fills the FIFO with what the logic
computes out of a cleared internal buffer and one zero byte in the FIFO.

The data sheet gives the 64 bytes for versions 1.0 and 2.0; those of the predecessor and of the FM17522 are public
through drivers that check them. What another look-alike computes is nobody's reference, as is what the test computes
out of anything but those zeros.

How long it takes the data sheet leaves open, and chips are known that raise no CRCIRq at its end: only the FIFO's
level tells. Until AutoTestReg is 0 again the chip does not communicate (9.3.4.7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.mfrc522 import registers as reg

if TYPE_CHECKING:
    from emulator.mfrc522.chip import Mfrc522

DURATION_US: Final = 500
RESULT_BYTES: Final = 64
INPUT: Final = b"\x00"

REFERENCES: Final = {
    0x90: bytes.fromhex(
        "0087980f49ff0719bf2230495963adca7fe34e035c4e4950479a3761e7e2c62e"
        "755aed043d024b7832ff583b7ce90094b44a595bfdc929df3596989e4f30328d"
    ),
    0x91: bytes.fromhex(
        "00c637d532b7575cc2d87c4dd970c77310e6d2aa5ea13e5a14af3061c970db2e"
        "642272b5bd65f4ec22bcd37235cdaa411fa7f35314de7e02d90fb55e251d2979"
    ),
    0x92: bytes.fromhex(
        "00eb66ba57bf2395d0e30d3d27895cde9d3ba700215b8982513aeb020ca50049"
        "7c844db3ccd21b815d4876d5716121a986968338cf9d5b6ddc15ba3e7d953b2f"
    ),
    0x88: bytes.fromhex(
        "00d6788ce2aa0c182ab87a7fd36acf0bb137634b69ae91c7c397ae77f437d79b"
        "7cf53c118f15c3d7c15b002ad075de9e5164ab3ee915b5ab569a988226ea2a62"
    ),
}


class SelfTest:
    """One chip's. `deadline_us` is when the run under way ends."""

    __slots__ = ("_chip", "_right", "deadline_us")

    def __init__(self, chip: Mfrc522) -> None:
        self._chip = chip
        self._right = False
        self.deadline_us: int | None = None

    @property
    def enabled(self) -> bool:
        return self._chip.registers[reg.AUTO_TEST] & reg.SELF_TEST_MASK == reg.SELF_TEST

    def start(self, time_us: int) -> None:
        """CalcCRC swallows the FIFO as always."""
        chip = self._chip
        given = chip.fifo.take(len(chip.fifo))
        self._right = given == INPUT and not any(chip.commands.internal_buffer)
        self.deadline_us = time_us + DURATION_US
        chip.expect_events()

    def stop(self) -> None:
        self.deadline_us = None

    def finish(self) -> None:
        """The deadline has come: the result goes into the FIFO, the command stays."""
        chip = self._chip
        reference = REFERENCES.get(chip.version) if self._right else None
        chip.fifo.flush()
        chip.fifo.extend(reference or chip.random.randbytes(RESULT_BYTES))
        chip.fifo_changed()
        self.deadline_us = None
