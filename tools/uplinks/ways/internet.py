"""What Wi-Fi and GPRS have in common: TLS to the back office through the relay, which spoils a fifth of them."""

from collections import Counter
from typing import Final

from tools.uplinks.faults import Faults
from tools.uplinks.relay import Relay
from tools.uplinks.verdict import Carried
from tools.uplinks.ways.way import Stage, Way

KILLS: Final = (12, 90)


class Internet(Way):
    """Every exchange passes the relay."""

    kill_at: tuple[int, ...] = KILLS

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.faults = Faults(stage.world.random(f"{self.name} relay"), self.kill_at)
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
        return len(self.kill_at), self.faults.kills_done

    def close(self) -> None:
        self.relay.close()
