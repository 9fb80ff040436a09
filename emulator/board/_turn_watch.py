# Runs on the board when a bench asks for it: says where each turn of the event loop begins and ends, so that the
# emulator can read the CPU clock of this process there. A card that comes meanwhile waits for so long.
import select

import _link
from micropython import const

_SYNC = const(0x82)
_BEGINS = const(1)
_ENDS = const(2)


def watch() -> None:
    look = select.poll.ipoll

    def ipoll(self: select.poll, ms: int = -1) -> list:
        _link.call(_SYNC, _ENDS)
        found: list = look(self, ms)  # type: ignore[assignment]
        _link.call(_SYNC, _BEGINS)
        return found

    select.poll.ipoll = ipoll  # type: ignore[assignment, method-assign]
