"""The modem's radio: registration, signal, the network's time, and the bursts that cost supply."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from emulator.phone.cells import Registration
from emulator.phone.terminal import Terminal
from emulator.sim800.at import NO_NETWORK, OK, CmeError, Handler, Kind, Reply, Request, says
from emulator.sim800.faults import ModemFaults
from emulator.sim800.interpreter import Interpreter
from emulator.sim800.sim import Lock, Sim
from emulator.sim800.timers import Timers, ignore
from emulator.sim800.timings import Timings

if TYPE_CHECKING:
    from emulator.world import World

UNSET_CLOCK: Final = datetime(2004, 1, 1, tzinfo=UTC)
OLDER_UNSET_CLOCK: Final = datetime(1980, 1, 6, tzinfo=UTC)
MIN_DBM: Final = -113
DBM_PER_STEP: Final = 2
NO_SIGNAL: Final = 99
WITH_LOCATION: Final = 2  # AT+CREG=2
NUMERIC: Final = 2  # AT+COPS: the operator as a number
REGISTERED: Final = (Registration.HOME, Registration.ROAMING)


class Radio:
    """Searches while it is on and the SIM is unlocked."""

    def __init__(
        self,
        world: "World",
        interpreter: Interpreter,
        timers: Timers,
        timings: Timings,
        faults: ModemFaults,
        terminal: Terminal,
    ) -> None:
        self.sim: Sim | None = None
        self.on_registered: Callable[[], None] = ignore
        self.on_lost: Callable[[], None] = ignore
        self.on_brown_out: Callable[[], None] = ignore
        self.registration = Registration.OFF
        self.function = 1  # AT+CFUN
        self.bursts = 0
        self.wants_time = False  # AT+CLTS; of the profile
        self.zone_quarters = 0
        self._world = world
        self._interpreter = interpreter
        self._timers = timers
        self._timings = timings
        self._faults = faults
        self._terminal = terminal
        self._announce = {"+CREG": 0, "+CGREG": 0}
        self._automatic = True  # AT+COPS=2 takes it away
        self._operator_format = 0  # AT+COPS=3
        self._clock = UNSET_CLOCK  # what it showed at _clock_us
        self._clock_us = 0
        self._bursts_before_fault = 0

    @property
    def commands(self) -> dict[str, Handler]:
        return {
            "+CREG": self._creg,
            "+CGREG": self._creg,
            "+CSQ": self._csq,
            "+COPS": self._cops,
            "+CLTS": self._clts,
            "+CCLK": self._cclk,
        }

    @property
    def registered(self) -> bool:
        return self.registration in REGISTERED

    def start(self) -> None:
        """The modem booted: its clock begins where every clock without a battery does."""
        self._announce = {"+CREG": 0, "+CGREG": 0}
        self._automatic, self._operator_format = True, 0
        self._set_clock(OLDER_UNSET_CLOCK if self._faults.clock_of_1980 else UNSET_CLOCK)
        self.function = 1

    def search(self) -> None:
        """The SIM is ready. Whoever is registered need not search."""
        if self.function == 1 and not self.registered and self.sim and self.sim.lock is Lock.READY:
            self._world.phone.cells.watch(self._terminal)
            self._set(Registration.SEARCHING)
            self._timers.after_ms(self._timings.register, self.look_around)

    def stop(self) -> None:
        """No power, or AT+CFUN=0."""
        self._world.phone.cells.unwatch(self._terminal)
        if self.registered:
            self._world.phone.leave(self._terminal)
            self.on_lost()
        self.registration = Registration.OFF

    def look_around(self) -> None:
        """What the network says now, if the radio is on at all."""
        if self.registration == Registration.OFF:
            return
        found = self._world.phone.cells.registration
        if found in REGISTERED and not self.registered:
            self._set(found)
            self.burst()
            if self.registered:  # the burst may have been the last one
                self._world.phone.register(self._terminal)
                self._tell_time()
                self.on_registered()
        elif found not in REGISTERED and self.registered:
            self._set(found)
            self._world.phone.leave(self._terminal)
            self.on_lost()
        else:
            self._set(found)

    def lost_or_found(self) -> None:
        """The cells changed: losing them is noticed at once, finding them takes its time."""
        if self._world.phone.cells.registration in REGISTERED:
            self._timers.after_ms(self._timings.register, self.look_around)
        else:
            self.look_around()

    def burst(self) -> None:
        """The transmitter draws two amperes for a moment."""
        self.bursts += 1
        fault = self._faults.brown_out
        if fault is None:
            self._bursts_before_fault = 0
            return
        self._bursts_before_fault += 1
        if self._bursts_before_fault >= fault.burst:
            self._bursts_before_fault = 0
            self.on_brown_out()

    # --- commands ------------------------------------------------------------------------------------------------

    def _creg(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says(f"{request.name}: (0-2)")
        if request.kind is Kind.SET:
            self._announce[request.name] = request.number(0, 0, 2)
            return OK
        return says(f"{request.name}: {self._announce[request.name]},{self._place(request.name)}")

    def _place(self, name: str) -> str:
        """The state, and in mode 2 where the phone is in the network: location area and cell (manual 3.2.22)."""
        if self._announce[name] < WITH_LOCATION or not self.registered:
            return str(int(self.registration))
        cells = self._world.phone.cells
        return f'{int(self.registration)},"{cells.location_area:04X}","{cells.cell:04X}"'

    def _csq(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says("+CSQ: (0-31,99),(0-7,99)")
        return says(f"+CSQ: {self._signal_step()},0")

    def _signal_step(self) -> int:
        if not self.registered:
            return NO_SIGNAL
        return max(0, min(31, (self._world.phone.cells.signal_dbm - MIN_DBM) // DBM_PER_STEP))

    def _cops(self, request: Request) -> Reply | None:
        cells = self._world.phone.cells
        if request.kind is Kind.TEST:
            return says(f'+COPS: (2,"{cells.operator}","{cells.operator}","{cells.operator_code}"),,(0-4),(0-2)')
        if request.kind is Kind.READ:
            mode = 0 if self._automatic else 2
            name = cells.operator_code if self._operator_format == NUMERIC else cells.operator
            return says(f'+COPS: {mode},{self._operator_format},"{name}"' if self.registered else f"+COPS: {mode}")
        return self._set_operator(request)

    def _set_operator(self, request: Request) -> Reply | None:
        mode = request.number(0, 0, 4)
        self._operator_format = request.number(1, 0, NUMERIC, default=self._operator_format)
        if mode == 2:
            self._automatic = False
            self.stop()
        elif mode == 0:
            self._automatic = True
            if self.function != 1:
                raise CmeError(NO_NETWORK)
            if not self.registered:
                self.search()
        return OK

    def _clts(self, request: Request) -> Reply:
        if request.kind is Kind.SET:
            self.wants_time = bool(request.number(0, 0, 1))
            return OK
        if request.kind is Kind.TEST:
            return says("+CLTS: (0,1)")
        return says(f"+CLTS: {int(self.wants_time)}")

    def _cclk(self, request: Request) -> Reply:
        if request.kind is Kind.READ:
            return says(f'+CCLK: "{self._shown_clock()}"')
        if request.kind is Kind.SET:
            self._set_clock_from(request.text(0))
        return OK

    # --- the clock -----------------------------------------------------------------------------------------------

    def _shown_clock(self) -> str:
        now = self._clock + timedelta(microseconds=self._world.now_us - self._clock_us)
        local = now + timedelta(minutes=15 * self.zone_quarters)
        return f"{local:%y/%m/%d,%H:%M:%S}{self.zone_quarters:+03d}"

    def _set_clock(self, now: datetime, zone_quarters: int = 0) -> None:
        self._clock, self._clock_us, self.zone_quarters = now, self._world.now_us, zone_quarters

    def _set_clock_from(self, text: str) -> None:
        try:
            zone = int(text[17:] or 0)
            local = datetime.strptime(text[:17], "%y/%m/%d,%H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            raise CmeError(3) from None
        self._set_clock(local - timedelta(minutes=15 * zone), zone)

    def _tell_time(self) -> None:
        """NITZ comes once, when the modem registers (manual 3.2.44)."""
        unix_s = self._world.phone.cells.network_time()
        if not self.wants_time or unix_s is None:
            return
        now = datetime.fromtimestamp(unix_s, UTC)
        quarters = self._world.phone.cells.zone_quarters
        self._set_clock(now, quarters)
        self._interpreter.urc("DST: 0")
        self._interpreter.urc(
            f'*PSUTTZ: {now.year},{now.month},{now.day},{now.hour},{now.minute},{now.second},"{quarters:+d}",0'
        )

    def _set(self, registration: Registration) -> None:
        if registration == self.registration:
            return
        self.registration = registration
        for name, wanted in self._announce.items():
            if wanted:
                self._interpreter.urc(f"{name}: {self._place(name)}")
