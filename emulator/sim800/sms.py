"""Short messages on their way (manual chapter 4): submitted, received, announced; PDU mode and text mode."""

from random import Random
from typing import TYPE_CHECKING, Final

from gsm.errors import PduError

from emulator.phone.smsc import SmsRefused
from emulator.sim800 import texts
from emulator.sim800.at import (
    LATER,
    OK,
    CmsError,
    Handler,
    Kind,
    Reply,
    Request,
    says,
)
from emulator.sim800.general import General
from emulator.sim800.interpreter import Interpreter
from emulator.sim800.radio import Radio
from emulator.sim800.serial import Serial
from emulator.sim800.sms_memory import INVALID_PDU, Memory, tpdu_length
from emulator.sim800.timers import Timers
from emulator.sim800.timings import Timings

if TYPE_CHECKING:
    from emulator.world import World

NO_SERVICE: Final = 331
CTRL_Z, ESCAPE = 0x1A, 0x1B
MAX_ENTRY_BYTES: Final = 1024
DEFAULT_CSMP: Final = (texts.FIRST_OCTET, texts.VALIDITY, texts.PROTOCOL, texts.CODING)
DEFAULT_CNMI: Final = (2, 1, 0, 0, 0)
CNMI_BOUNDS: Final = (3, 3, 3, 1, 1)


class Entry:
    """What is typed between the prompt and Ctrl-Z."""

    def __init__(self, sms: "Sms", destination: str) -> None:
        self._sms = sms
        self._destination = destination
        self._typed = bytearray()
        self._given_up = False

    def feed(self, byte: int) -> bool:
        if byte in (CTRL_Z, ESCAPE):
            self._given_up = byte == ESCAPE
            return False
        if len(self._typed) < MAX_ENTRY_BYTES:
            self._typed.append(byte)
        return True

    def complete(self) -> None:
        if self._given_up:
            self._sms.cancel()
        else:
            self._sms.submit(self._destination, bytes(self._typed))


class Sms:
    def __init__(
        self,
        world: "World",
        serial: Serial,
        interpreter: Interpreter,
        radio: Radio,
        general: General,
        memory: Memory,
        timers: Timers,
        timings: Timings,
        random: Random,
    ) -> None:
        self._world = world
        self._serial = serial
        self._interpreter = interpreter
        self._radio = radio
        self._general = general
        self._memory = memory
        self._timers = timers
        self._timings = timings
        self._random = random
        self.boot()

    @property
    def commands(self) -> dict[str, Handler]:
        return {
            "+CMGF": self._cmgf,
            "+CMGS": self._cmgs,
            "+CNMI": self._cnmi,
            "+CSCA": self._csca,
            "+CSMP": self._csmp,
            "+CSMS": self._csms,
        }

    @property
    def ready(self) -> bool:
        """ "SMS Ready" was said."""
        return self._memory.ready

    @ready.setter
    def ready(self, ready: bool) -> None:
        self._memory.ready = ready

    def boot(self) -> None:
        self._memory.boot()
        self._cnmi_values = list(DEFAULT_CNMI)
        self._settings = DEFAULT_CSMP
        self._service = 0

    # --- from the network ----------------------------------------------------------------------------------------

    def deliver(self, pdu: bytes) -> bool:
        """False: no room."""
        sim = self._general.sim
        if sim is None or not self._memory.ready:
            return False
        self._radio.burst()
        if not self._memory.ready:
            return False  # that burst was too much for the supply
        if self._cnmi_values[1] == 2:
            self._announce_whole(pdu)
            return True
        place = self._memory.store(sim, pdu)
        if place is None:
            return False
        if self._cnmi_values[0] and self._cnmi_values[1] in (1, 3):
            self._interpreter.urc(f'+CMTI: "SM",{place}')
        return True

    def report(self, pdu: bytes) -> None:
        if self._cnmi_values[3] != 1:
            return
        if self._memory.text_mode:
            self._interpreter.urc(texts.report_line(pdu, self._general.character_set))
        else:
            self._interpreter.urc(f"+CDS: {tpdu_length(pdu)}\r\n{pdu.hex().upper()}")

    def _announce_whole(self, pdu: bytes) -> None:
        if self._memory.text_mode:
            heading, text = texts.heading_and_text(pdu, self._general.character_set)
            self._interpreter.urc(f"+CMT: {heading}\r\n{text}")
        else:
            self._interpreter.urc(f"+CMT: ,{tpdu_length(pdu)}\r\n{pdu.hex().upper()}")

    # --- sending -------------------------------------------------------------------------------------------------

    def _cmgs(self, request: Request) -> Reply | None:
        if request.kind is Kind.TEST:
            return OK
        self._memory.sim()
        destination = request.text(0)
        if not destination or not (self._memory.text_mode or destination.isdigit()):
            raise CmsError(INVALID_PDU)
        self._serial.prompt(Entry(self, destination))
        self._interpreter.stray_urc()
        return LATER

    def cancel(self) -> None:
        self._interpreter.finish(OK)

    def submit(self, destination: str, typed: bytes) -> None:
        try:
            pdu = self._pdu_of(destination, typed)
            if not self._radio.registered:
                raise CmsError(NO_SERVICE)
        except CmsError as error:
            self._interpreter.finish(error)
            return
        self._timers.after_ms(self._random.randint(*self._timings.sms_submit), lambda: self._transmit(pdu))

    def _pdu_of(self, destination: str, typed: bytes) -> bytes:
        try:
            if self._memory.text_mode:
                return self._pdu_of_text(destination, typed)
            pdu = bytes.fromhex(typed.decode("ascii"))
        except (ValueError, PduError):
            raise CmsError(INVALID_PDU) from None
        if not pdu or tpdu_length(pdu) != int(destination):
            raise CmsError(INVALID_PDU)
        return pdu

    def _pdu_of_text(self, destination: str, typed: bytes) -> bytes:
        character_set = self._general.character_set
        number = texts.number_typed(destination, character_set)
        return texts.submit_of_text(number, typed.strip(b"\r\n"), character_set, self._settings)

    def _transmit(self, pdu: bytes) -> None:
        self._radio.burst()
        sim = self._general.sim
        if sim is None or not self._memory.ready:
            return
        reference = sim.next_reference()
        try:
            if not self._radio.registered:
                raise SmsRefused(NO_SERVICE)
            self._world.phone.smsc.submit(sim.number, pdu, reference)
        except SmsRefused as refused:
            self._interpreter.finish(CmsError(refused.cms))
        except PduError:
            self._interpreter.finish(CmsError(INVALID_PDU))
        else:
            self._interpreter.finish(says(f"+CMGS: {reference}"))

    # --- settings --------------------------------------------------------------------------------------------------

    def _cmgf(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says("+CMGF: (0,1)")
        if request.kind is Kind.READ:
            return says(f"+CMGF: {int(self._memory.text_mode)}")
        self._memory.text_mode = bool(request.number(0, 0, 1, default=0))
        return OK

    def _cnmi(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says("+CNMI: (0,1,2,3),(0,1,2,3),(0,2,3),(0,1),(0,1)")
        if request.kind is Kind.READ:
            return says(f"+CNMI: {','.join(map(str, self._cnmi_values))}")
        self._cnmi_values = [
            request.number(position, 0, bound, default=0) for position, bound in enumerate(CNMI_BOUNDS)
        ]
        return OK

    def _csca(self, request: Request) -> Reply:
        sim = self._memory.sim()
        if request.kind is Kind.READ:
            return says(f'+CSCA: "{sim.smsc}",145')
        if request.kind is Kind.SET:
            sim.smsc = request.text(0)
        return OK

    def _csms(self, request: Request) -> Reply:
        """All three kinds of message are supported, whichever the service (27.005 3.2.1)."""
        if request.kind is Kind.TEST:
            return says("+CSMS: (0,1)")
        if request.kind is Kind.READ:
            return says(f"+CSMS: {self._service},1,1,1")
        self._service = request.number(0, 0, 1)
        return says("+CSMS: 1,1,1")

    def _csmp(self, request: Request) -> Reply:
        if request.kind is Kind.READ:
            return says(f"+CSMP: {','.join(map(str, self._settings))}")
        if request.kind is Kind.SET:
            first, validity, protocol, coding = (
                request.number(position, 0, 255, default=before) for position, before in enumerate(self._settings)
            )
            self._settings = (first, validity, protocol, coding)
        return OK
