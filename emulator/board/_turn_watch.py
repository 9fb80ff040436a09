# Runs on the board when a bench asks for it: says where each turn of the event loop begins and ends, so that the
# emulator can read the CPU clock of this process there. A card that comes meanwhile waits for so long. After each turn
# comes the reference loop, so that both were measured on the same host at the same time.
import select

import _link
from _reference import loop
from micropython import const

_SYNC = const(0x82)
_BEGINS = const(1)
_ENDS = const(2)
_LOOPED = const(3)
_ASKED = const(4)


def watch() -> None:
    look = select.poll.ipoll

    def ipoll(self: select.poll, ms: int = -1) -> list:
        _link.call(_SYNC, _ENDS)
        loop()
        _link.call(_SYNC, _LOOPED)
        _link.call(_SYNC, _ASKED)
        found: list = look(self, ms)  # type: ignore[assignment]
        _link.call(_SYNC, _BEGINS)
        return found

    select.poll.ipoll = ipoll  # type: ignore[assignment, method-assign]
