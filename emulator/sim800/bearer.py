"""The packet data context (manual 8.2.1 to 8.2.12): its states, bringing it up, losing it, shutting it down."""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final

from emulator.phone.terminal import Terminal
from emulator.sim800.at import LATER, NOT_ALLOWED, OK, AtError, CmeError, Handler, Kind, Reply, Request, says
from emulator.sim800.general import General
from emulator.sim800.interpreter import Interpreter
from emulator.sim800.radio import Radio
from emulator.sim800.timers import Timers, ignore
from emulator.sim800.timings import Timings

if TYPE_CHECKING:
    from emulator.world import World

LOCAL_ADDRESS: Final = "10.72.13.5"
NO_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - nothing is bound to it


class State(Enum):
    """What AT+CIPSTATUS says (8.2.12)."""

    INITIAL = "IP INITIAL"
    START = "IP START"
    CONFIG = "IP CONFIG"
    GPRSACT = "IP GPRSACT"
    STATUS = "IP STATUS"
    CONNECTING = "TCP CONNECTING"
    CONNECTED = "CONNECT OK"
    CLOSING = "TCP CLOSING"
    CLOSED = "TCP CLOSED"
    DEACT = "PDP DEACT"


HAS_ADDRESS: Final = (State.GPRSACT, State.STATUS, State.CONNECTING, State.CONNECTED, State.CLOSING, State.CLOSED)


class Bearer:
    """Holds the one state of the toolkit, its connection's included."""

    def __init__(
        self,
        world: "World",
        interpreter: Interpreter,
        radio: Radio,
        general: General,
        timers: Timers,
        timings: Timings,
        terminal: Terminal,
    ) -> None:
        self.state = State.INITIAL
        self.drop_connection: Callable[[], None] = ignore
        self._world = world
        self._interpreter = interpreter
        self._radio = radio
        self._general = general
        self._timers = timers
        self._timings = timings
        self._terminal = terminal
        self._attached = False
        self._apn = ""

    @property
    def commands(self) -> dict[str, Handler]:
        return {
            "+CGATT": self._cgatt,
            "+CIPMUX": self._cipmux,
            "+CSTT": self._cstt,
            "+CIICR": self._ciicr,
            "+CIFSR": self._cifsr,
            "+CIPSHUT": self._cipshut,
            "+CIPSTATUS": self._cipstatus,
            "+CDNSGIP": self._cdnsgip,
            "+CGPADDR": self._cgpaddr,
        }

    def boot(self) -> None:
        self.state = State.INITIAL
        self._attached = False

    # --- what happens by itself ----------------------------------------------------------------------------------

    def registered(self) -> None:
        """A phone in a packet network attaches by itself."""
        self._attached = not self._world.phone.gprs.faults.refuse_attach

    def radio_lost(self) -> None:
        self._attached = False
        self.deactivated()

    def deactivated(self) -> None:
        """The network took the context away; only AT+CIPSHUT leads out of this."""
        if self.state is not State.INITIAL:
            self.drop_connection()
            self.state = State.DEACT
            self._interpreter.urc("+PDP: DEACT")

    def bring_up(self) -> bool:
        """Whether there is a context now. Names of access points know no case (3GPP TS 23.003 9.1)."""
        sim = self._general.sim
        if sim is None or not self._radio.registered or self._apn.casefold() != sim.apn.casefold():
            return False
        if not self._world.phone.gprs.attach(self._terminal):
            return False
        self._attached = True
        return True

    # --- commands ------------------------------------------------------------------------------------------------

    def _cgatt(self, request: Request) -> Reply | None:
        if request.kind is Kind.TEST:
            return says("+CGATT: (0,1)")
        if request.kind is Kind.READ:
            return says(f"+CGATT: {int(self._attached)}")
        wanted = bool(request.number(0, 0, 1))
        self._timers.after_ms(self._timings.attach, lambda: self._attach(wanted))
        return LATER

    def _attach(self, wanted: bool) -> None:
        possible = self._radio.registered and not self._world.phone.gprs.faults.refuse_attach
        if wanted and not possible:
            self._interpreter.finish(CmeError(NOT_ALLOWED))
            return
        self._attached = wanted
        self._interpreter.finish(OK)

    def _cipmux(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says("+CIPMUX: (0)")
        if request.kind is Kind.READ:
            return says("+CIPMUX: 0")
        request.number(0, 0, 0)
        return OK

    def _cstt(self, request: Request) -> Reply:
        if request.kind is Kind.READ:
            return says(f'+CSTT: "{self._apn}","",""')
        if request.kind is Kind.TEST:
            return says('+CSTT: "APN","USER","PWD"')
        if self.state is not State.INITIAL:
            raise CmeError(NOT_ALLOWED)
        self._apn = request.text(0, "CMNET")
        self.state = State.START
        return OK

    def _ciicr(self, request: Request) -> Reply | None:
        if request.kind is Kind.TEST:
            return OK
        if self.state is not State.START:
            raise CmeError(NOT_ALLOWED)
        self.state = State.CONFIG
        self._timers.after_ms(self._timings.attach, self._finish_bring_up)
        return LATER

    def _finish_bring_up(self) -> None:
        self._radio.burst()
        if self.state is not State.CONFIG:
            return
        if not self.bring_up():
            self.state = State.DEACT
            self._interpreter.finish(AtError())
            return
        self.state = State.GPRSACT
        self._interpreter.finish(OK)

    def _cifsr(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return OK
        if self.state not in HAS_ADDRESS:
            raise CmeError(NOT_ALLOWED)
        if self.state is State.GPRSACT:
            self.state = State.STATUS
        return Reply((LOCAL_ADDRESS,), "")

    def _cipshut(self, request: Request) -> Reply | None:
        if request.kind is Kind.TEST:
            return OK
        self._timers.after_ms(self._timings.detach, self._shut)
        return LATER

    def _shut(self) -> None:
        self.drop_connection()
        self._world.phone.gprs.forget(self._terminal)
        self.state = State.INITIAL
        self._interpreter.finish(Reply((), "SHUT OK"))

    def _cipstatus(self, request: Request) -> Reply:
        if request.kind is Kind.EXECUTE:
            self._timers.after_ms(1, lambda: self._interpreter.urc(f"STATE: {self.state.value}"))
        return OK

    def _cgpaddr(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says("+CGPADDR: (1-3)")
        context = request.number(0, 1, 3, default=1)
        return says(f'+CGPADDR: {context},"{LOCAL_ADDRESS if self.state in HAS_ADDRESS else NO_ADDRESS}"')

    def _cdnsgip(self, request: Request) -> Reply:
        if request.kind is not Kind.SET:
            return OK
        host = request.text(0)
        known = self._world.phone.gprs.resolve(host)
        answer = f'+CDNSGIP: 1,"{host}","{LOCAL_ADDRESS}"' if known else "+CDNSGIP: 0,8"
        self._timers.after_ms(self._timings.connect, lambda: self._interpreter.urc(answer))
        return OK
