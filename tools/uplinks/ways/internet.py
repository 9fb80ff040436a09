"""What Wi-Fi and GPRS have in common: TLS to the back office through the relay, which spoils a fifth of them."""

from collections import Counter
from typing import ClassVar, Final

from tools.uplinks.faults import Faults
from tools.uplinks.relay import Relay
from tools.uplinks.verdict import Carried
from tools.uplinks.ways.way import Stage, Way

KILLS: Final = (1 / 16, 1 / 4)  # exchanges, as shares of the exams: there are about as many


class Internet(Way):
    """Every exchange passes the relay."""

    kills_planned: ClassVar[tuple[float, ...]] = KILLS

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        kills = tuple(max(place, int(share * stage.debits)) for place, share in enumerate(self.kills_planned, 1))
        self.faults = Faults(stage.world.random(f"{self.name} relay"), kills)
        self.relay = Relay(stage.office, self.faults, stage.server_died, tls=True)

    def settings(self) -> dict[str, object]:
        office = self.stage.office
        return {"server_tls": True, "server_name": office.name, "server_ca": office.authority_der}

    def finish(self) -> None:
        self.relay.deliver_what_is_late()

    def carried(self) -> Carried:
        happened = Counter({str(fault): count for fault, count in self.faults.seen.items()})
        return Carried(self.relay.wire_bytes, 0, happened)

    @property
    def kills(self) -> tuple[int, int]:
        return len(self.kills_planned), self.faults.kills_done

    def close(self) -> None:
        self.relay.close()
