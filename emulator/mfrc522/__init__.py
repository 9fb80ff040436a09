"""The NXP MFRC522 reader chip at register level, as its data sheet (rev. 3.9) describes it, and its look-alikes."""

from emulator.mfrc522.chip import Mfrc522

__all__ = ["Mfrc522"]
