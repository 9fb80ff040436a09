"""The SIM's places for messages: store, list, read, delete (manual 4.2.1 to 4.2.5, 4.2.8), and when it can be used."""

from typing import TYPE_CHECKING, Final

from emulator.sim800 import texts
from emulator.sim800.at import (
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
from emulator.sim800.radio import Radio
from emulator.sim800.sim import Sim, Stored

if TYPE_CHECKING:
    from emulator.world import World

INVALID_PDU, INVALID_INDEX, NOT_READY, UNKNOWN = 304, 321, 515, 500
SIM_ERRORS: Final = {SIM_NOT_INSERTED: 310, SIM_PIN_REQUIRED: 311, SIM_BUSY: 314, SIM_PUK_REQUIRED: 316}
UNREAD, READ, ALL = 0, 1, 4


class Memory:
    """Everything is kept on the SIM; there is no other memory."""

    def __init__(self, world: "World", radio: Radio, general: General) -> None:
        self.ready = False  # "SMS Ready"
        self.text_mode = False  # AT+CMGF
        self._world = world
        self._radio = radio
        self._general = general

    @property
    def commands(self) -> dict[str, Handler]:
        return {
            "+CMGL": self._cmgl,
            "+CMGR": self._cmgr,
            "+CMGD": self._cmgd,
            "+CMGDA": self._cmgda,
            "+CPMS": self._cpms,
        }

    def boot(self) -> None:
        self.ready = self.text_mode = False

    def store(self, sim: Sim, pdu: bytes) -> int | None:
        """The place; None: it is full."""
        return sim.store(pdu, self._capacity(sim))

    def sim(self) -> Sim:
        """The SIM, if messages can be sent and read; CmsError says why not."""
        try:
            sim = self._general.unlocked_sim()
        except CmeError as error:
            raise CmsError(SIM_ERRORS.get(error.code, UNKNOWN)) from None
        if not self.ready:
            raise CmsError(NOT_READY)
        return sim

    # --- commands ------------------------------------------------------------------------------------------------

    def _cmgl(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says("+CMGL: (0-4)")
        wanted = self._wanted_state(request.text(0, texts.STATES[0] if self.text_mode else "0"))
        keep_state = request.number(1, 0, 1, default=0)
        lines = []
        for place, stored in sorted(self.sim().places.items()):
            if wanted in (ALL, stored.status):
                lines.append(self._shown("+CMGL", f"{place},", stored))
                stored.status = stored.status if keep_state else READ
        return Reply(tuple(lines))

    def _cmgr(self, request: Request) -> Reply:
        stored = self.sim().places.get(self._place(request))
        if stored is None:
            return OK
        shown = self._shown("+CMGR", "", stored)
        if not request.number(1, 0, 1, default=0):
            stored.status = READ
        return says(shown)

    def _shown(self, name: str, place: str, stored: Stored) -> str:
        if self.text_mode:
            heading, text = texts.heading_and_text(stored.pdu, self._general.character_set)
            return f'{name}: {place}"{texts.STATES[stored.status]}",{heading}\r\n{text}'
        return f'{name}: {place}{stored.status},"",{tpdu_length(stored.pdu)}\r\n{stored.pdu.hex().upper()}'

    def _cmgd(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says(f"+CMGD: (1-{self._capacity(self.sim())}),(0-4)")
        flag = request.number(1, 0, 4, default=0)
        if flag == 0:
            self._delete([self._place(request)])
        elif flag == ALL:
            self._delete(list(self.sim().places))
        else:
            self._delete_read()
        return OK

    def _cmgda(self, request: Request) -> Reply:
        what = request.text(0)
        if what in ("6", "DEL ALL"):
            self._delete(list(self.sim().places))
        elif what in ("1", "DEL READ"):
            self._delete_read()
        else:
            raise CmsError(INVALID_PDU)
        return OK

    def _delete_read(self) -> None:
        self._delete([place for place, stored in self.sim().places.items() if stored.status == READ])

    def _delete(self, places: list[int]) -> None:
        sim = self.sim()
        was_full = len(sim.places) >= self._capacity(sim)
        for place in places:
            sim.places.pop(place, None)
        if was_full and len(sim.places) < self._capacity(sim) and self._radio.registered:
            self._world.phone.smsc.reachable(sim.number)

    def _place(self, request: Request) -> int:
        try:
            return request.number(0, 1, self.sim().capacity)
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

    def _cpms(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says('+CPMS: ("SM"),("SM"),("SM")')
        sim = self.sim()
        used = f"{len(sim.places)},{self._capacity(sim)}"
        if request.kind is Kind.READ:
            return says("+CPMS: " + ",".join([f'"SM",{used}'] * 3))
        if any(memory not in ("SM", "") for memory in request.values):
            raise CmsError(INVALID_PDU)
        return says("+CPMS: " + ",".join([used] * 3))


def tpdu_length(pdu: bytes) -> int:
    """As CMGS, CMGR and CMGL count: without the service centre."""
    return len(pdu) - 1 - pdu[0]
