"""Short messages (manual chapter 4): submit, store, announce, list, read, delete; PDU mode and text mode."""

from random import Random
from typing import TYPE_CHECKING, Final

from gsm.errors import PduError

from emulator.phone.smsc import SmsRefused
from emulator.sim800 import texts
from emulator.sim800.at import (
    LATER,
    OK,
    SIM_BUSY,
    SIM_NOT_INSERTED,
    SIM_PIN_REQUIRED,
    SIM_PUK_REQUIRED,
    CmeError,
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
from emulator.sim800.sim import Sim, Stored
from emulator.sim800.timers import Timers
from emulator.sim800.timings import Timings

if TYPE_CHECKING:
    from emulator.world import World

INVALID_PDU, INVALID_INDEX, NOT_READY, NO_SERVICE, UNKNOWN = 304, 321, 515, 331, 500
SIM_ERRORS: Final = {SIM_NOT_INSERTED: 310, SIM_PIN_REQUIRED: 311, SIM_BUSY: 314, SIM_PUK_REQUIRED: 316}
CTRL_Z, ESCAPE = 0x1A, 0x1B
MAX_ENTRY_BYTES: Final = 1024
UNREAD, READ, ALL = 0, 1, 4
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
        timers: Timers,
        timings: Timings,
        random: Random,
    ) -> None:
        self._world = world
        self._serial = serial
        self._interpreter = interpreter
        self._radio = radio
        self._general = general
        self._timers = timers
        self._timings = timings
        self._random = random
        self.boot()

    @property
    def commands(self) -> dict[str, Handler]:
        return {
            "+CMGF": self._cmgf,
            "+CMGS": self._cmgs,
            "+CMGL": self._cmgl,
            "+CMGR": self._cmgr,
            "+CMGD": self._cmgd,
            "+CMGDA": self._cmgda,
            "+CNMI": self._cnmi,
            "+CPMS": self._cpms,
            "+CSCA": self._csca,
            "+CSMP": self._csmp,
        }

    def boot(self) -> None:
        self.ready = False  # "SMS Ready"
        self._text_mode = False
        self._cnmi_values = list(DEFAULT_CNMI)
        self._first_octet, self._validity = texts.FIRST_OCTET, texts.VALIDITY

    # --- from the network ----------------------------------------------------------------------------------------

    def deliver(self, pdu: bytes) -> bool:
        """False: no room."""
        sim = self._general.sim
        if sim is None or not self.ready:
            return False
        self._radio.burst()
        if not self.ready:
            return False  # that burst was too much for the supply
        if self._cnmi_values[1] == 2:
            self._announce_whole(pdu)
            return True
        place = sim.store(pdu, self._capacity(sim))
        if place is None:
            return False
        if self._cnmi_values[0] and self._cnmi_values[1] in (1, 3):
            self._interpreter.urc(f'+CMTI: "SM",{place}')
        return True

    def report(self, pdu: bytes) -> None:
        if self._cnmi_values[3] == 1:
            self._interpreter.urc(f"+CDS: {_length(pdu)}\r\n{pdu.hex().upper()}")

    def _announce_whole(self, pdu: bytes) -> None:
        if self._text_mode:
            heading, text = texts.heading_and_text(pdu, self._general.character_set)
            self._interpreter.urc(f"+CMT: {heading}\r\n{text}")
        else:
            self._interpreter.urc(f"+CMT: ,{_length(pdu)}\r\n{pdu.hex().upper()}")

    # --- sending -------------------------------------------------------------------------------------------------

    def _cmgs(self, request: Request) -> Reply | None:
        if request.kind is Kind.TEST:
            return OK
        self._sim()
        destination = request.text(0)
        if not destination or not (self._text_mode or destination.isdigit()):
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
        text = typed.decode("latin-1").strip("\r\n")
        try:
            if self._text_mode:
                return texts.submit_of_text(
                    destination, text, self._general.character_set, self._first_octet, self._validity
                )
            pdu = bytes.fromhex(text)
        except (ValueError, PduError):
            raise CmsError(INVALID_PDU) from None
        if not pdu or _length(pdu) != int(destination):
            raise CmsError(INVALID_PDU)
        return pdu

    def _transmit(self, pdu: bytes) -> None:
        self._radio.burst()
        sim = self._general.sim
        if sim is None or not self.ready:
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

    # --- the memory ----------------------------------------------------------------------------------------------

    def _cmgl(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says("+CMGL: (0-4)")
        wanted = self._wanted_state(request.text(0, texts.STATES[0] if self._text_mode else "0"))
        keep_state = request.number(1, 0, 1, default=0)
        lines = []
        for place, stored in sorted(self._sim().places.items()):
            if wanted in (ALL, stored.status):
                lines.append(self._shown("+CMGL", f"{place},", stored))
                stored.status = stored.status if keep_state else READ
        return Reply(tuple(lines))

    def _cmgr(self, request: Request) -> Reply:
        stored = self._sim().places.get(self._place(request))
        if stored is None:
            return OK
        shown = self._shown("+CMGR", "", stored)
        if not request.number(1, 0, 1, default=0):
            stored.status = READ
        return says(shown)

    def _shown(self, name: str, place: str, stored: Stored) -> str:
        if self._text_mode:
            heading, text = texts.heading_and_text(stored.pdu, self._general.character_set)
            return f'{name}: {place}"{texts.STATES[stored.status]}",{heading}\r\n{text}'
        return f'{name}: {place}{stored.status},"",{_length(stored.pdu)}\r\n{stored.pdu.hex().upper()}'

    def _cmgd(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says(f"+CMGD: (1-{self._capacity(self._sim())}),(0-4)")
        flag = request.number(1, 0, 4, default=0)
        if flag == 0:
            self._delete([self._place(request)])
        elif flag == ALL:
            self._delete(list(self._sim().places))
        else:
            self._delete_read()
        return OK

    def _cmgda(self, request: Request) -> Reply:
        what = request.text(0)
        if what in ("6", "DEL ALL"):
            self._delete(list(self._sim().places))
        elif what in ("1", "DEL READ"):
            self._delete_read()
        else:
            raise CmsError(INVALID_PDU)
        return OK

    def _delete_read(self) -> None:
        self._delete([place for place, stored in self._sim().places.items() if stored.status == READ])

    def _delete(self, places: list[int]) -> None:
        sim = self._sim()
        was_full = len(sim.places) >= self._capacity(sim)
        for place in places:
            sim.places.pop(place, None)
        if was_full and len(sim.places) < self._capacity(sim) and self._radio.registered:
            self._world.phone.smsc.reachable(sim.number)

    def _place(self, request: Request) -> int:
        try:
            return request.number(0, 1, self._sim().capacity)
        except CmeError:
            raise CmsError(INVALID_INDEX) from None

    def _wanted_state(self, text: str) -> int:
        if text in texts.STATES:
            return texts.STATES.index(text)
        if not text.isdigit() or int(text) > ALL:
            raise CmsError(INVALID_PDU)
        return int(text)

    def _capacity(self, sim: Sim) -> int:
        limit = self._world.phone.smsc.faults.inbox_capacity
        return sim.capacity if limit is None else min(limit, sim.capacity)

    def _sim(self) -> Sim:
        try:
            sim = self._general.unlocked_sim()
        except CmeError as error:
            raise CmsError(SIM_ERRORS.get(error.code, UNKNOWN)) from None
        if not self.ready:
            raise CmsError(NOT_READY)
        return sim

    # --- settings --------------------------------------------------------------------------------------------------

    def _cmgf(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says("+CMGF: (0,1)")
        if request.kind is Kind.READ:
            return says(f"+CMGF: {int(self._text_mode)}")
        self._text_mode = bool(request.number(0, 0, 1, default=0))
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

    def _cpms(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says('+CPMS: ("SM"),("SM"),("SM")')
        sim = self._sim()
        used = f"{len(sim.places)},{self._capacity(sim)}"
        if request.kind is Kind.READ:
            return says("+CPMS: " + ",".join([f'"SM",{used}'] * 3))
        if any(memory not in ("SM", "") for memory in request.values):
            raise CmsError(INVALID_PDU)
        return says("+CPMS: " + ",".join([used] * 3))

    def _csca(self, request: Request) -> Reply:
        sim = self._sim()
        if request.kind is Kind.READ:
            return says(f'+CSCA: "{sim.smsc}",145')
        if request.kind is Kind.SET:
            sim.smsc = request.text(0)
        return OK

    def _csmp(self, request: Request) -> Reply:
        if request.kind is Kind.READ:
            return says(f"+CSMP: {self._first_octet},{self._validity},0,0")
        if request.kind is Kind.SET:
            self._first_octet = request.number(0, 0, 255, default=texts.FIRST_OCTET)
            self._validity = request.number(1, 0, 255, default=texts.VALIDITY)
        return OK


def _length(pdu: bytes) -> int:
    """As CMGS, CMGR and CMGL count: without the service centre."""
    return len(pdu) - 1 - pdu[0]
