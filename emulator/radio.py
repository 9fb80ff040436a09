"""The reader chip of a board and the field in front of it."""

from importlib.util import find_spec
from typing import Any


def make_reader(clock: Any, seed: int) -> tuple[Any, Any]:
    from emulator.rf import Field

    field = Field(clock, seed)
    if find_spec("emulator.mfrc522.chip") is None and find_spec("emulator.mfrc522.Mfrc522") is None:
        return field, _Silent()
    import emulator.mfrc522

    return field, emulator.mfrc522.Mfrc522(clock, field)


class _Silent:
    irq = False

    def transfer(self, tx: bytes) -> bytes:
        return b"\0" * len(tx)

    def reset_pin(self, level: bool) -> None: ...
    def power(self, on: bool) -> None: ...
