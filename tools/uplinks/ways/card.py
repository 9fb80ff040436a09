"""No link at all: couriers come by with service cards, and an issuer at the back office reads them."""

from typing import Final

from emulator.device import Board
from tools.uplinks.clinic import Clinic
from tools.uplinks.courier import Courier
from tools.uplinks.verdict import Carried
from tools.uplinks.ways.way import Way

KILLS: Final = (1, 3)  # readings, counted from one
VISIT_EVERY_DEBITS: Final = 20
BETWEEN_VISITS_MS: Final = 30_000


class Card(Way):
    """A walk every twenty exams."""

    name = "card"
    story = "No link: couriers carry service cards, lose some, bring some late, have some read twice."
    looks_max = 40

    def settings(self) -> dict[str, object]:
        return {"transport": "wifi"}

    def prepare(self, machine: Board) -> None:
        machine.network.up = False

    def ready(self, clinic: Clinic) -> None:
        self.planned = self.stage.kills(KILLS)
        self.courier = Courier(self.stage, clinic.authority, clinic.machine, self.planned)

    def after(self, debits: int, _of: int) -> None:
        if debits % VISIT_EVERY_DEBITS == 0:
            self.courier.visit()

    def wait(self) -> None:
        self.stage.world.run_for(BETWEEN_VISITS_MS)
        self.courier.visit()

    def carried(self) -> Carried:
        return Carried(self.courier.wire_bytes, 0, self.courier.happened.copy())

    @property
    def kills(self) -> tuple[int, int]:
        return len(self.planned), self.courier.kills_done

    def close(self) -> None:
        self.courier.close()
