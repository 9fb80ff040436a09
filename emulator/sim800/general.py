"""Commands about the modem itself: identity, settings and their profile, functionality, supply, the SIM's locks."""

from collections.abc import Callable
from typing import Final

from emulator.sim800 import character_sets
from emulator.sim800.at import (
    INCORRECT_PASSWORD,
    LATER,
    NOT_ALLOWED,
    OK,
    SIM_BUSY,
    SIM_NOT_INSERTED,
    SIM_PIN_REQUIRED,
    SIM_PUK_REQUIRED,
    CmeError,
    Handler,
    Kind,
    Reply,
    Request,
    quoted,
    says,
)
from emulator.sim800.interpreter import Interpreter, settings_command
from emulator.sim800.power import Power
from emulator.sim800.radio import Radio
from emulator.sim800.serial import RATES, Serial
from emulator.sim800.sim import Lock, Sim
from emulator.sim800.timers import Timers, ignore
from emulator.sim800.timings import Timings

IMEI: Final = "866104020000001"
REVISION: Final = "Revision:1418B05SIM800L24"
PRODUCT: Final = "SIM800 R14.18"  # what ATI says
CAPABILITIES: Final = "+GCAP: +CGSM"
BATTERY_MV: Final = 4_012
LOCK_ERRORS: Final = {Lock.PIN: SIM_PIN_REQUIRED, Lock.PUK: SIM_PUK_REQUIRED, Lock.BLOCKED: 13}
REMEMBERED: Final = {
    "+CLIP": "(0,1)",
    "+CRC": "(0,1)",
    "+CSDH": "(0,1)",
    "+CNETLIGHT": "(0,1)",
    "+CSCLK": "(0-2)",
    "+CIURC": "(0,1)",
    "+DDET": "(0,1)",
    "+IFC": "(0-2),(0-2)",
    "+CSGS": "(0-2)",
    "+CVHU": "(0,1)",
}
CONTEXTS: Final = "(1-3)"  # AT+CGDCONT
ACCEPTED: Final = ("&F", "&C", "&D", "&K", "X", "L", "M", "Q", "S0", "S3", "S4", "S5", "S7")


def accepted(request: Request) -> Reply:  # noqa: ARG001
    """A setting that changes nothing here."""
    return OK


def constant(text: str) -> Handler:
    """A command that always says the same."""
    return lambda request: OK if request.kind is Kind.TEST else says(text)


class General:
    def __init__(
        self, serial: Serial, interpreter: Interpreter, power: Power, radio: Radio, timers: Timers, timings: Timings
    ) -> None:
        self.sim: Sim | None = None
        self.sim_read = False
        self.on_sim_power: Callable[[bool], None] = ignore  # AT+CFUN=0 takes the SIM's power
        self.character_set = character_sets.DEFAULT
        self._serial = serial
        self._interpreter = interpreter
        self._power = power
        self._radio = radio
        self._timers = timers
        self._timings = timings
        self._next_rate: int | None = None
        self._stored_rate = serial.rate  # the profile: AT&W writes it, ATZ and power read it
        self._stored_echo = True
        self._stored_time = False
        self._values: dict[str, str] = {}

    @property
    def commands(self) -> dict[str, Handler]:
        return (
            dict.fromkeys(ACCEPTED, accepted)
            | {name: settings_command(self._values, name, allowed) for name, allowed in REMEMBERED.items()}
            | self._identity()
            | {
                "E": self._echo,
                "V": self._verbose,
                "Z": self._restore,
                "&W": self._store,
                "+CMEE": self._cmee,
                "+CSCS": self._cscs,
                "+CGDCONT": settings_command(self._values, "+CGDCONT", CONTEXTS, before=""),
                "+IPR": self._ipr,
                "+CFUN": self._cfun,
                "+CPOWD": self._cpowd,
                "+CBC": constant(f"+CBC: 0,93,{BATTERY_MV}"),
                "+CPAS": constant("+CPAS: 0"),
                "+CPIN": self._cpin,
                "+CCID": self._ccid,
                "+ICCID": self._ccid,
                "+CIMI": self._cimi,
                "+CNUM": self._cnum,
                "+SPIC": self._spic,
            }
        )

    def boot(self) -> None:
        """Settings as the profile has them; the SIM is not known yet."""
        self.sim_read = False
        self._values.clear()
        self.character_set = character_sets.DEFAULT
        self._serial.rate = self._stored_rate
        self._radio.wants_time = self._stored_time
        self._interpreter.error_format = 0
        self._interpreter.verbose = True
        self._serial.echo = self._stored_echo

    def present_sim(self) -> Sim:
        if not self.sim_read:
            raise CmeError(SIM_BUSY)
        if self.sim is None:
            raise CmeError(SIM_NOT_INSERTED)
        return self.sim

    def unlocked_sim(self) -> Sim:
        sim = self.present_sim()
        if sim.lock is not Lock.READY:
            raise CmeError(LOCK_ERRORS[sim.lock])
        return sim

    # --- identity and settings ---------------------------------------------------------------------------------

    def _identity(self) -> dict[str, Handler]:
        maker, model, imei, revision = map(constant, ("SIMCOM_Ltd", "SIMCOM_SIM800L", IMEI, REVISION))
        return {
            "+CGMI": maker,
            "+GMI": maker,
            "+CGMM": model,
            "+GMM": model,
            "+CGSN": imei,
            "+GSN": imei,
            "+CGMR": revision,
            "+GMR": revision,
            "I": constant(PRODUCT),
            "+GCAP": constant(CAPABILITIES),
        }

    def _echo(self, request: Request) -> Reply:
        self._serial.echo = request.text(0, "0") == "1"
        return OK

    def _verbose(self, request: Request) -> Reply:
        self._interpreter.verbose = request.text(0, "0") == "1"
        return OK

    def _store(self, request: Request) -> Reply:  # noqa: ARG002
        self._stored_rate = self._serial.rate if self._next_rate is None else self._next_rate
        self._stored_echo = self._serial.echo
        self._stored_time = self._radio.wants_time
        return OK

    def _restore(self, request: Request) -> Reply:  # noqa: ARG002
        self._serial.echo = self._stored_echo
        self._interpreter.error_format = 0
        self._interpreter.verbose = True
        return OK

    def _cmee(self, request: Request) -> Reply:
        if request.kind is Kind.SET:
            self._interpreter.error_format = request.number(0, 0, 2)
            return OK
        return says("+CMEE: (0-2)" if request.kind is Kind.TEST else f"+CMEE: {self._interpreter.error_format}")

    def _cscs(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says(f"+CSCS: ({','.join(map(quoted, character_sets.SUPPORTED))})")
        if request.kind is Kind.READ:
            return says(f"+CSCS: {quoted(self.character_set)}")
        wanted = request.text(0, character_sets.DEFAULT)
        if wanted not in character_sets.SUPPORTED:
            raise CmeError(NOT_ALLOWED)
        self.character_set = wanted
        return OK

    def _ipr(self, request: Request) -> Reply:
        """The new rate holds after the result code (manual 2.2.41)."""
        if request.kind is Kind.TEST:
            rates = ",".join(map(str, RATES))
            return says(f"+IPR: (),({rates})")
        if request.kind is Kind.READ:
            return says(f"+IPR: {self._serial.rate}")
        rate = request.number(0, 0, max(RATES))
        if rate not in RATES:
            raise CmeError(NOT_ALLOWED)
        self._next_rate = rate
        self._timers.after_ms(self._timings.command, self._change_rate)
        return OK

    def _change_rate(self) -> None:
        if self._next_rate is not None:
            self._serial.rate = self._next_rate
            self._next_rate = None

    # --- functionality and supply ------------------------------------------------------------------------------

    def _cfun(self, request: Request) -> Reply | None:
        if request.kind is Kind.TEST:
            return says("+CFUN: (0,1,4),(0,1)")
        if request.kind is Kind.READ:
            return says(f"+CFUN: {self._radio.function}")
        function = request.number(0, 0, 4)
        if function not in (0, 1, 4):
            raise CmeError(NOT_ALLOWED)
        if request.number(1, 0, 1, default=0):
            self._timers.after_ms(self._timings.slow_command, self._power.restart)
            return OK
        self._timers.after_ms(self._timings.slow_command, lambda: self._change_function(function))
        return LATER

    def _change_function(self, function: int) -> None:
        """Asking for what already is changes nothing: a registered modem stays registered."""
        before, self._radio.function = self._radio.function, function
        if function != before:
            if function != 1:
                self._radio.stop()
            if 0 in (before, function):
                self.on_sim_power(function != 0)
            elif function == 1:
                self._radio.search()
        self._interpreter.finish(OK)

    def _cpowd(self, request: Request) -> Reply | None:
        urgent = request.number(0, 0, 1) == 0
        if urgent:
            self._power.die()
        else:
            self._power.shut_down()
        return LATER  # the goodbye is its answer

    # --- the SIM's locks ---------------------------------------------------------------------------------------

    def _cpin(self, request: Request) -> Reply | None:
        if request.kind is Kind.TEST:
            return OK
        sim = self.present_sim()
        if request.kind is Kind.READ:
            return says(f"+CPIN: {sim.lock.value}")
        self._timers.after_ms(self._timings.slow_command, lambda: self._give(sim, request))
        return LATER

    def _give(self, sim: Sim, request: Request) -> None:
        if sim.lock is Lock.PIN:
            right = sim.give_pin(request.text(0))
        elif sim.lock is Lock.PUK:
            right = sim.give_puk(request.text(0), request.text(1))
        else:
            self._interpreter.finish(CmeError(NOT_ALLOWED))
            return
        if not right:
            self._interpreter.finish(
                CmeError(LOCK_ERRORS[sim.lock] if sim.lock is not Lock.PIN else INCORRECT_PASSWORD)
            )
            return
        self._interpreter.finish(OK)
        self._interpreter.urc("+CPIN: READY")
        self._radio.search()

    def _ccid(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return OK
        return says(self.present_sim().iccid)

    def _cimi(self, request: Request) -> Reply:  # noqa: ARG002
        return says(self.unlocked_sim().imsi)

    def _cnum(self, request: Request) -> Reply:  # noqa: ARG002
        return says(f'+CNUM: "","{self.unlocked_sim().number}",145,7,4')

    def _spic(self, request: Request) -> Reply:  # noqa: ARG002
        """How often PIN1, PIN2, PUK1, PUK2 may still be tried."""
        sim = self.present_sim()
        return says(f"+SPIC: {sim.pin_tries},3,{sim.puk_tries},10")
