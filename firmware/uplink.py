"""Store and forward: the journal's entries reach the back office, in bounded reports, until it says that it has them.

Anything may fail: the report is made anew from the journal and sent again, later and later, with some jitter so that a
hall full of machines does not knock at the same moment. Only a sealed acknowledgement lets the journal prune.
"""

import asyncio
import os

from borrowed import Borrowed
from errors import Refused
from micropython import const
from protocol import journal as codec
from protocol.errors import ProtocolError
from state import ROLLED_BACK
from transport import MAX_MESSAGE_BYTES, TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from device import Device
    from protocol.uplink import Ack

_BACKOFF_MIN_MS = const(5000)
_BACKOFF_MAX_MS = const(900000)
_GATHER_MS = const(500)  # entries of one exam come together


class Uplink:
    """The loop over one transport."""

    def __init__(self, device: "Device", transport_name: str) -> None:
        assert device.config is not None
        assert device.journal is not None
        self._device = device
        self._config = device.config
        self._journal = device.journal
        self._clock = device.clock
        self._wake = device.reported
        self.transport_name = transport_name
        self.last_ack_time = 0
        self.last_error = ""

    def status(self) -> dict[str, object]:
        """For the host link."""
        return {
            "transport": self.transport_name,
            "last_ack_time": self.last_ack_time,
            "last_error": self.last_error,
        }

    async def run(self) -> None:
        """For ever: a report now, then whenever there is something to say, at the latest after report_s."""
        backoff_ms = _BACKOFF_MIN_MS
        while True:
            done = await self._exchange()
            await asyncio.sleep_ms(0)  # new settings end this loop here, not in the middle of a connection
            if done:
                backoff_ms = _BACKOFF_MIN_MS
                if not self._journal.pending():
                    await self._pause(self._config.number("report_s") * 1000)
            else:
                await self._pause(_jittered(backoff_ms))
                backoff_ms = min(2 * backoff_ms, _BACKOFF_MAX_MS)

    async def _pause(self, pause_ms: int) -> None:
        try:
            await asyncio.wait_for_ms(self._wake.wait(), pause_ms)
        except asyncio.TimeoutError:
            return
        self._wake.clear()
        await asyncio.sleep_ms(_GATHER_MS)

    async def _exchange(self) -> bool:
        """One report and its acknowledgement. False: try again later."""
        self.last_error = ""
        try:
            sealed = self._seal(MAX_MESSAGE_BYTES[self.transport_name])
            answer = await self._carry(sealed)
            return self._take(sealed, answer)
        except TransportError as error:
            self.last_error = str(error)
        except ProtocolError as error:
            self.last_error = "the answer is wrong: " + error.code
        except KeyError:
            self.last_error = "no transport of this name"
        except MemoryError:
            self.last_error = "out of memory"
        return False

    async def _carry(self, sealed: bytes) -> bytes:
        carrier: Any = Borrowed("transport_" + self.transport_name)
        try:
            transport = carrier.module.make(self._config)
            answer: bytes = await transport.exchange(sealed)
            return answer
        finally:
            transport = None
            carrier.give_back()

    def _seal(self, max_bytes: int) -> bytes:
        with Borrowed("report") as code:
            sealed: bytes = code.seal(self._device, max_bytes)
            return sealed

    def _take(self, sealed: bytes, answer: bytes) -> bool:
        with Borrowed("report") as code:
            ack = code.open_answer(self._device, sealed, answer)
            self._set_clock(ack.server_time)
            if ack.ack_seq > self._journal.head_seq:
                self._note_rollback()
                return False
            acked_before, head_before = self._journal.acked_seq, self._journal.head_seq
            code.acknowledge(self._journal, ack.ack_seq)
            self.last_ack_time = ack.server_time
            self._obey(ack)
        self._device.link.notify("uplink", {"acked": self._journal.acked_seq, "pending": self._journal.pending()})
        # An answer that takes nothing further although there was something: not the moment to insist.
        moved = self._journal.acked_seq > acked_before or self._journal.head_seq > head_before
        return moved or not self._journal.pending()

    def _obey(self, ack: "Ack") -> None:
        if not ack.commands:
            return
        with Borrowed("commands") as code:
            obey = code.Obey(self._config, self._journal, self._clock, self._device.settings_changed)
            for command in ack.commands:
                obey(command)

    def _set_clock(self, now_s: int) -> None:
        if not now_s:
            return
        shown_s = self._clock.trust(now_s)
        if shown_s is None:
            return
        try:
            self._journal.note(codec.CLOCK, detail=shown_s.to_bytes(4, "big"))
        except Refused:
            pass  # the flash ails; taps are refused for that

    def _note_rollback(self) -> None:
        """The back office knows later entries of ours: this flash is an old copy. No exam until that is mended."""
        self.last_error = "the back office knows a later journal"
        if self._journal.state.rolled_back:
            return
        try:
            self._journal.append(codec.FAULT, detail=ROLLED_BACK)
        except Refused:
            pass  # said again by the next answer


def _jittered(pause_ms: int) -> int:
    """Between half and all of it."""
    return pause_ms // 2 + int.from_bytes(os.urandom(2), "big") * (pause_ms // 2) // 65535
