"""SMS: the modem, the phone network's centre, and a forwarding platform in front of the back office."""

from collections import Counter
from typing import Final

from gsm.pdu import decode_deliver

from emulator.device import Board
from emulator.phone.smsc import Message, Smsc
from tools.uplinks.clinic import Clinic
from tools.uplinks.faults import LOSS
from tools.uplinks.platform import OFFICE_NUMBER, Platform
from tools.uplinks.verdict import Carried
from tools.uplinks.ways.gprs import NUMBER, insert_sim
from tools.uplinks.ways.way import Stage, Way

KILLS: Final = (1, 5)  # answers, counted from one
DUPLICATION: Final = 0.15
REORDER: Final = 0.15
DELAY_S: Final = (3.0, 25.0)
SMS_PER_DAY: Final = 400
GATHER_S: Final = 240


def settings_of() -> dict[str, object]:
    """A day's cap that a day of 200 exams fits in, and little patience, because this day is short."""
    return {"sms_number": OFFICE_NUMBER, "sms_per_day": SMS_PER_DAY, "sms_gather_s": GATHER_S}


def spoil(smsc: Smsc) -> None:
    """What the phone network does to a fifth of all messages, both ways."""
    smsc.faults.loss = LOSS
    smsc.faults.duplication = DUPLICATION
    smsc.faults.reorder = REORDER
    smsc.faults.delay_s = DELAY_S


def count(smsc: Smsc) -> tuple[int, int, Counter[str]]:
    """Bytes of content, messages, and what became of them, both ways."""
    wire_bytes = sum(len(decode_deliver(message.pdu).data) for message in smsc.submitted)
    up = sum(message.sender == NUMBER for message in smsc.submitted)
    happened = Counter(
        {
            "SMS from the machine": up,
            "SMS to the machine": len(smsc.submitted) - up,
            "SMS lost": len(smsc.lost),
            "SMS delivered twice": _twice(list(smsc.delivered)),
        }
    )
    return wire_bytes, len(smsc.submitted), happened


def _twice(delivered: list[Message]) -> int:
    return len(delivered) - len({id(message) for message in delivered})


class Sms(Way):
    """Nothing but short messages."""

    name = "sms"
    story = "Short messages through a centre that loses, doubles and reorders them, and a forwarding platform."

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.planned = stage.kills(KILLS)
        self.platform = Platform(stage, self.planned)
        spoil(stage.world.phone.smsc)

    def office_settings(self) -> dict[str, str]:
        return self.platform.office_settings()

    def settings(self) -> dict[str, object]:
        return {**settings_of(), "transport": "sms"}

    def prepare(self, machine: Board) -> None:
        insert_sim(machine)
        machine.network.up = False

    def ready(self, _clinic: Clinic) -> None:
        self.platform.connect()

    def carried(self) -> Carried:
        wire_bytes, messages, happened = count(self.stage.world.phone.smsc)
        return Carried(wire_bytes, messages, happened + self.platform.happened)

    @property
    def kills(self) -> tuple[int, int]:
        return len(self.planned), self.platform.kills_done

    def close(self) -> None:
        self.platform.close()
