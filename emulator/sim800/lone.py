"""A modem on a desk: no board, real time, a serial port for any program that drives AT modems."""

from types import TracebackType
from typing import TYPE_CHECKING, Final

from emulator.expose import Exposure, PtyExposure, TcpExposure, exposed
from emulator.sim800.chip import Sim800
from emulator.sim800.sim import Sim
from emulator.sim800.timings import QUICK, Timings
from emulator.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.phone import PhoneNetwork

NUMBER: Final = "+8613900000099"
READY_MS: Final = 60_000


class DeskLine:
    """The cable between the modem and whoever opens its port."""

    def __init__(self, modem: Sim800) -> None:
        self.on_sent: list[Callable[[bytes], None]] = []
        self._modem = modem
        modem.serial.output = self._from_modem

    def push(self, data: bytes) -> None:
        """Towards the modem."""
        self._modem.serial.receive(data)

    def _from_modem(self, data: bytes) -> None:
        for listener in self.on_sent:
            listener(data)


class LoneModem:
    """Registered when the constructor returns, unless its SIM wants a PIN or the network does not want it. Its world
    may be given: several modems in one network."""

    def __init__(
        self, sim: Sim | None = None, timings: Timings = QUICK, seed: int = 0, world: World | None = None
    ) -> None:
        self._own_world = None if world else World(seed, real_time=True)
        self.world = world or self._own_world or World(seed, real_time=True)
        self.modem = Sim800(self.world, f"modem {(sim or Sim(NUMBER)).number}", timings)
        self.modem.sim = sim or Sim(NUMBER)
        self._line = DeskLine(self.modem)
        self._exposures: dict[type[Exposure], Exposure] = {}
        self.start()

    def __enter__(self) -> "LoneModem":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Supply on, key pressed and let go; waits until the network has it."""
        with self.world.lock:
            self.modem.supply(True)
            self.modem.power.key(True)
        self.world.run_until(lambda: self.modem.power.status, READY_MS)
        with self.world.lock:
            self.modem.power.key(False)
        if self.modem.sim and self.modem.sim.lock.value == "READY":
            self.world.run_until(lambda: self.modem.sms.ready, READY_MS)

    def close(self) -> None:
        with self.world.lock:
            for exposure in self._exposures.values():
                exposure.close()
            self._exposures.clear()
            self.modem.supply(False)
        if self._own_world:
            self._own_world.close()

    @property
    def network(self) -> "PhoneNetwork":
        return self.world.phone

    @property
    def url(self) -> str:
        """For pyserial's serial_for_url."""
        return self._expose(TcpExposure)

    @property
    def pty(self) -> str:
        """The path of a terminal."""
        return self._expose(PtyExposure)

    def _expose(self, kind: type[TcpExposure] | type[PtyExposure]) -> str:
        if kind not in self._exposures:
            self._exposures[kind] = exposed(kind, self.world, self._line)
        return self._exposures[kind].address
