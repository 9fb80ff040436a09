"""The modem as it hangs on a board: pins, serial line, SIM; made of the parts in the modules beside this one."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from emulator.sim800.bearer import Bearer
from emulator.sim800.faults import BrownOut, ModemFaults
from emulator.sim800.general import General
from emulator.sim800.interpreter import Interpreter
from emulator.sim800.power import Power
from emulator.sim800.radio import Radio
from emulator.sim800.serial import AUTO, Serial
from emulator.sim800.sim import Lock, Sim
from emulator.sim800.sms import Sms
from emulator.sim800.sms_memory import Memory
from emulator.sim800.tcp import Tcp
from emulator.sim800.timers import Timers, ignore
from emulator.sim800.timings import Timings

if TYPE_CHECKING:
    from emulator.world import World

WARNING: Final = "UNDER-VOLTAGE WARNNING"  # spelt like this in the modem's firmware
COLLAPSE_MS: Final = 150  # from the warning to the end


class Sim800:
    """Made without power and without a SIM."""

    def __init__(self, world: "World", name: str, timings: Timings | None = None) -> None:
        self.name = name
        self.faults = ModemFaults()
        self.timings = timings or Timings()
        self.on_supply_dip: Callable[[BrownOut], None] = ignore
        self.brown_outs = 0
        self._world = world
        self._sim: Sim | None = None
        random = world.random(f"{name}/modem")
        self._timers = Timers(world)
        self.power = Power(world, self._timers, self.timings)
        self.serial = Serial(world, self._timers, self.faults, random)
        self.interpreter = Interpreter(self.serial, self._timers, self.timings, random)
        self.radio = Radio(world, self.interpreter, self._timers, self.timings, self.faults, self)
        common = (self.serial, self.interpreter)
        self.general = General(*common, self.power, self.radio, self._timers, self.timings)
        self.memory = Memory(world, self.radio, self.general)
        self.sms = Sms(world, *common, self.radio, self.general, self.memory, self._timers, self.timings, random)
        self.bearer = Bearer(world, self.interpreter, self.radio, self.general, self._timers, self.timings, self)
        self.tcp = Tcp(world, *common, self.radio, self.bearer, self._timers, self.timings, self.faults)
        for part in (self.general, self.radio, self.memory, self.sms, self.bearer, self.tcp):
            self.interpreter.commands |= part.commands
        self._connect_parts()

    def _connect_parts(self) -> None:
        self.general.on_sim_power = self._sim_power
        self.power.on_boot = self._boot
        self.power.on_off = self._off
        self.power.say_goodbye = self._say_goodbye
        self.radio.on_registered = self._registered
        self.radio.on_lost = self.bearer.radio_lost
        self.bearer.drop_connection = self.tcp.drop
        self.radio.on_brown_out = self._brown_out

    # --- what a test sees and moves ------------------------------------------------------------------------------

    @property
    def sim(self) -> Sim | None:
        return self._sim

    @sim.setter
    def sim(self, sim: Sim | None) -> None:
        """Put it in before the modem starts: a SIM800 does not look for one later."""
        self._sim = sim

    def urc(self, text: str) -> None:
        """An unsolicited result code at this moment, like "RING"."""
        with self._world.lock:
            self.interpreter.urc(text)

    def cut_power(self) -> None:
        """The supply fails for a moment, without a word; it is back at once."""
        with self._world.lock:
            if self.power.supply:
                self.power.switch(False)
                self.power.switch(True)

    def freeze(self) -> None:
        """The UART hangs, as they do after months; only the supply's switch cures it."""
        self.faults.frozen = True

    # --- the pins --------------------------------------------------------------------------------------------------

    def supply(self, on: bool) -> None:
        if not on:
            self.faults.frozen = False
        self.power.switch(on)

    # --- what the network calls (Terminal) ---------------------------------------------------------------------------

    @property
    def number(self) -> str:
        return self._sim.number if self._sim else ""

    def deliver(self, pdu: bytes) -> bool:
        return self.power.running and self.sms.deliver(pdu)

    def report(self, pdu: bytes) -> None:
        self.sms.report(pdu)

    def cells_changed(self) -> None:
        self.radio.lost_or_found()

    def deactivate(self) -> None:
        self.bearer.deactivated()

    # --- life ------------------------------------------------------------------------------------------------------

    def _boot(self) -> None:
        self.general.sim = self.radio.sim = self._sim
        if self._sim:
            self._sim.power_on()
        self.general.boot()
        self.radio.start()
        self.sms.boot()
        self.tcp.boot()
        self.bearer.boot()
        self.serial.switch(True)
        if self.serial.rate != AUTO:
            self.interpreter.urc("RDY")
            self.interpreter.urc("+CFUN: 1")
        self._timers.after_ms(self.timings.sim, self._read_sim)

    def _read_sim(self) -> None:
        """Under autobauding these are said too, once the rate is known."""
        self.general.sim_read = True
        if self._sim is None:
            self.interpreter.urc("+CPIN: NOT INSERTED")
            return
        self.interpreter.urc(f"+CPIN: {self._sim.lock.value}")
        if self._sim.lock is Lock.READY:
            self.radio.search()

    def _sim_power(self, on: bool) -> None:
        """AT+CFUN=0 and back: the SIM is read anew, and asks for its PIN again."""
        self.general.sim_read = False
        self.sms.ready = False
        if on:
            if self._sim:
                self._sim.power_on()
            self._timers.after_ms(self.timings.sim, self._read_sim)
        elif self._sim:
            self.interpreter.urc("+CPIN: NOT READY")

    def _registered(self) -> None:
        self.bearer.registered()
        self._timers.after_ms(self.timings.sms_ready, self._ready)

    def _ready(self) -> None:
        if not self.sms.ready:
            self.interpreter.urc("Call Ready")
            self.interpreter.urc("SMS Ready")
            self.sms.ready = True
            self._world.phone.smsc.reachable(self.number)

    def _say_goodbye(self) -> None:
        self.radio.stop()
        self.interpreter.urc("NORMAL POWER DOWN")

    def _off(self) -> None:
        self.sms.ready = False
        self.tcp.boot()
        self.bearer.boot()
        self.radio.stop()
        self.interpreter.reset()
        self.serial.switch(False)

    def _brown_out(self) -> None:
        fault = self.faults.brown_out
        if fault is None:
            return
        self.faults.brown_out = None
        self.brown_outs += 1
        self._world.note(self.name, "brown-out", fault.reader)
        self.interpreter.urc(WARNING)
        self.on_supply_dip(fault)
        if fault.dies:
            self._timers.after_ms(COLLAPSE_MS, self.power.die)
