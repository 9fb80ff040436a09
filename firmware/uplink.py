"""Store and forward: the journal's entries reach the back office, in bounded reports, until it says that it has them.

Anything may fail: the report is made anew from the journal and sent again, over this link or the next (links.py says
which and when). Only a sealed acknowledgement lets the journal prune. What stays in memory between two reports is what
is known of the links, and this loop; all else is borrowed.
"""

import asyncio

from borrowed import Borrowed, in_turns
from errors import Refused
from link_state import LinkState, Load
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device import Device
    from modem_service import ModemService
    from network import WLAN
    from protocol.uplink import Command

_GATHER_MS = const(500)  # entries of one exam come together
_MEMORY_PAUSE_MS = const(5000)
_CALLED_OFF_MS = const(5000)
_CANCELS_MAX = const(4)
_COMMANDS = const("commands")  # soon over, and must not be cut: its orders are in no other place


class Uplink:
    """The loop over all links of this machine."""

    def __init__(self, device: "Device") -> None:
        assert device.config is not None
        assert device.journal is not None
        self.device = device
        self.config = device.config
        self.journal = device.journal
        self.load = Load()
        self.modem: ModemService | None = None  # while a link needs it
        self.station: WLAN | None = None  # while the radio of Wi-Fi is on
        self.outcome: tuple[str, str, int] | None = None  # (link, reason or "", not before) of what was tried last
        self.orders: list[tuple[Command, bool]] = []  # to be obeyed; True: they came in the answer to a report
        self.requests: list[tuple[bytes, int]] = []  # (IV, uptime) of the latest short messages
        self.last_ack_time = 0
        self.last_error = ""
        self.link_errors = 0
        self.sms_sent = 0
        self.entries_max = 96  # in the next report; fewer while the heap has no room for so many
        self.day_began_s: int | None = None  # uptime; of the day whose short messages are counted
        self.trial_until_ms = 0  # uptime; 0: nothing is on trial in this run
        self.told_switches = 0
        self.urgencies = (0, False)
        self.tls_room: list[bytearray] = []  # kept free for the next handshake, which needs so much in one piece
        self._work = ""  # the module that runs
        self._called_off = False
        self._task: asyncio.Task[None] | None = None
        with Borrowed("uplink_step") as code:
            self.links: LinkState = code.begin(self)
        self.carrier = self.links.current.name  # of the report that is being made

    def now_ms(self) -> int:
        """Uptime."""
        self.device.clock.tick()
        return self.device.clock.uptime_ms

    def hurry(self) -> None:
        """Somebody wants a report now."""
        self.load.asked = True
        if not self.links.current.waiting:
            self.links.current.retry_ms = 0
        self.device.reported.set()

    def leave_wifi(self) -> None:
        """The radio off, and its buffers back to the system: GPRS with TLS needs them. A station that was never asked
        for stays unmade, since making it takes memory that only a restart gives back."""
        station, self.station = self.station, None
        if station is not None:
            station.active(False)

    def call_off(self) -> bool:
        """Somebody at the machine needs the heap: what is under way gives its code back, and begins anew in a while.

        False: nothing is."""
        if self._work not in ("", _COMMANDS) and not self._called_off:
            self._called_off = True
            assert self._task is not None
            self._task.cancel()
        return self._work != ""

    async def run(self) -> None:
        """For ever: a report now, then whenever there is something to say, at the latest after report_s."""
        self._task = asyncio.current_task()
        try:
            while True:
                try:
                    await self._turn()
                except asyncio.CancelledError:
                    if self.device.uplink is not self:
                        raise
                    self._work = ""
                    await self._stand_back()
                except (MemoryError, Refused) as error:
                    # Somebody else has the heap now, or the journal cannot be read: no exam begins then. The machine
                    # goes on without reports rather than begin anew.
                    self._work = ""
                    self.last_error = "out of memory" if isinstance(error, MemoryError) else str(error)
                    self.link_errors += 1
                    await asyncio.sleep_ms(_MEMORY_PAUSE_MS)
                await asyncio.sleep_ms(0)  # new settings end this loop here, not in the middle of a connection
        finally:
            if self.modem is not None:
                self.modem.cut()
            self.leave_wifi()

    # Functions of their own, so that no variable of the loop keeps the code that was given back.

    async def _turn(self) -> None:
        work, pause_ms = await self._step()
        if work:
            self._work = work
            await self._do(work)
            self._work = ""
        else:
            await self._pause(pause_ms)

    async def _stand_back(self) -> None:
        """Until whoever called the work off has finished."""
        for _ in range(_CANCELS_MAX):
            try:
                await asyncio.sleep_ms(_CALLED_OFF_MS)
                break
            except asyncio.CancelledError:
                # MicroPython's wait_for cancels its waiter again when what it waited for has come to its end.
                if self.device.uplink is not self:
                    raise
        self._called_off = False

    async def _step(self) -> tuple[str, int]:
        with await in_turns("uplink_step") as code:
            todo: tuple[str, int] = code.step(self)
            return todo

    async def _do(self, work: str) -> None:
        with await in_turns(work) as code:
            await code.run(self)

    async def _pause(self, pause_ms: int) -> None:
        wake = self.device.reported
        try:
            await asyncio.wait_for_ms(wake.wait(), pause_ms)
        except asyncio.TimeoutError:
            return
        wake.clear()
        await asyncio.sleep_ms(_GATHER_MS)
