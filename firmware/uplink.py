"""Store and forward: the journal's entries reach the back office, in bounded reports, until it says that it has them.

Anything may fail: the report is made anew from the journal and sent again, later and later, with some jitter so that a
hall full of machines does not knock at the same moment. Only a sealed acknowledgement lets the journal prune.
"""

import asyncio
import gc
import os

from commands import Obey
from errors import Refused
from protocol import journal as codec
from protocol import uplink as message
from protocol.errors import ProtocolError
from state import ROLLED_BACK
from transport import Transport, TransportError

ENTRIES_MAX = 48  # in one report: bounds the heap
BACKOFF_MIN_MS = 5000
BACKOFF_MAX_MS = 900000
GATHER_MS = 500  # entries of one exam come together


class Uplink:
    """The loop over one transport."""

    def __init__(self, device: "Device", transport: Transport, obey: Obey) -> None:
        self._device = device
        self._config = device.config
        self._journal = device.journal
        self._clock = device.clock
        self._wake = device.reported
        self._obey = obey
        self.transport = transport
        self.last_ack_time = 0
        self.last_error = ""

    def status(self) -> dict[str, object]:
        """For the host link."""
        return {
            "transport": self.transport.name,
            "last_ack_time": self.last_ack_time,
            "last_error": self.last_error,
        }

    async def run(self) -> None:
        """For ever: a report now, then whenever there is something to say, at the latest after report_s."""
        backoff_ms = BACKOFF_MIN_MS
        while True:
            if await self._exchange():
                backoff_ms = BACKOFF_MIN_MS
                if not self._journal.pending():
                    await self._pause(self._config.setting("report_s") * 1000)
            else:
                await self._pause(_jittered(backoff_ms))
                backoff_ms = min(2 * backoff_ms, BACKOFF_MAX_MS)

    async def _pause(self, pause_ms: int) -> None:
        try:
            await asyncio.wait_for_ms(self._wake.wait(), pause_ms)
        except asyncio.TimeoutError:
            return
        self._wake.clear()
        await asyncio.sleep_ms(GATHER_MS)

    async def _exchange(self) -> bool:
        """One report and its acknowledgement. False: try again later."""
        gc.collect()
        key = self._config.machine_key
        sealed = message.seal_report(key, self._report())
        try:
            answer = await self.transport.exchange(sealed)
            ack = message.open_ack(key, sealed, answer)
        except TransportError as error:
            self.last_error = str(error)
            return False
        except ProtocolError as error:
            self.last_error = "the answer is wrong: " + error.code
            return False
        self.last_error = ""
        return self._take(ack)

    def _report(self) -> message.Report:
        health = self._device.health()
        first, before, entries, after = self._journal.report(ENTRIES_MAX)
        fits = message.entries_that_fit(entries, self.transport.max_message_bytes, health)
        if fits < len(entries):
            first, before, entries, after = self._journal.report(fits)
        return message.Report(self._config.machine_id, first, before, entries, after, health)

    def _take(self, ack: message.Ack) -> bool:
        journal = self._journal
        before = journal.acked_seq
        self._set_clock(ack.server_time)
        if ack.ack_seq > journal.head_seq:
            self._note_fork()
            return False
        journal.acknowledge(ack.ack_seq)
        self.last_ack_time = ack.server_time
        self._device.link.notify("uplink", {"acked": journal.acked_seq, "pending": journal.pending()})
        for command in ack.commands:
            self._obey(command)
        # An answer that takes nothing further although there was something: not the moment to insist.
        return journal.acked_seq > before or not journal.pending() or bool(ack.commands)

    def _set_clock(self, now_s: int) -> None:
        if not now_s:
            return
        shown = self._clock.trust(now_s)
        if shown is not None:
            self._note_clock(shown)

    def _note_fork(self) -> None:
        """The back office knows later entries of ours: this flash is an old copy. No exam until that is mended."""
        self.last_error = "the back office knows a later journal"
        if self._journal.state.rolled_back:
            return
        try:
            self._journal.append(codec.FAULT, detail=ROLLED_BACK)
        except Refused:
            pass  # said again by the next answer

    def _note_clock(self, shown_s: int) -> None:
        try:
            self._journal.note(codec.CLOCK, detail=shown_s.to_bytes(4, "big"))
        except Refused:
            pass  # the flash ails; taps are refused for that


def _jittered(pause_ms: int) -> int:
    """Between half and all of it."""
    return pause_ms // 2 + int.from_bytes(os.urandom(2), "big") * (pause_ms // 2) // 65535


TYPE_CHECKING = False
if TYPE_CHECKING:
    from device import Device
