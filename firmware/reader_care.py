"""The card reader's health: looked after every few seconds between taps, started anew when it has died, and counted.

Readers of this kind die silently after hours or weeks, and right after a dip of the supply.
"""

import asyncio

from errors import Refused
from mfrc522.chip import Mfrc522
from protocol import journal as codec

CHECK_MS = 3000
RETRY_MS = 1000
FAULT_DETAIL = b"reader"


class ReaderCare:
    """Watches one reader. ``tell(state)`` hears "ok", "restarted" and "lost" when that changes."""

    def __init__(self, chip: Mfrc522, tell: "Callable[[str], None]") -> None:
        self._chip = chip
        self._tell = tell
        self._wake = asyncio.Event()
        self.healthy = False

    async def run(self, journal: "Callable[[], Journal | None]") -> None:
        """For ever. The journal is asked for each time, because provisioning changes it."""
        while True:
            self._check(journal())
            if self.healthy:
                await self._pause()
            else:
                await asyncio.sleep_ms(RETRY_MS)
            self._wake.clear()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for_ms(self._wake.wait(), CHECK_MS)
        except asyncio.TimeoutError:
            pass  # nobody complained: a check in passing

    def lost(self) -> None:
        """Somebody noticed that the reader does not answer: look at once."""
        self._wake.set()

    def _check(self, journal: "Journal | None") -> None:
        before = self._chip.reinits
        was_healthy = self.healthy
        self.healthy = self._chip.health()
        restarted = self._chip.reinits != before
        if was_healthy and restarted:
            self._note(journal)
        if self.healthy and restarted:
            self._tell("restarted")
        elif was_healthy and not self.healthy:
            self._tell("lost")

    def _note(self, journal: "Journal | None") -> None:
        """Once for each time it dies, not for each try to wake it."""
        if journal is None:
            return
        try:
            journal.note(codec.FAULT, detail=FAULT_DETAIL)
        except Refused:
            pass  # the flash ails, too; taps are refused for that


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from journal import Journal
