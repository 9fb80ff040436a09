"""Wi-Fi: the clinic's own network, with somebody on the line who loses a fifth of all exchanges."""

from collections import Counter
from typing import Final

from tools.uplinks.faults import Faults
from tools.uplinks.relay import Relay
from tools.uplinks.verdict import Carried
from tools.uplinks.ways.way import Stage, Way

KILLS: Final = (12, 90)


class Wifi(Way):
    """Every exchange passes the relay."""

    name = "wifi"
    story = "The clinic's Wi-Fi."

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.faults = Faults(stage.world.random(f"{self.name} faults"), KILLS)
        self.relay = Relay(stage.office, self.faults, stage.server_died, tls=False)

    def settings(self) -> dict[str, object]:
        return {
            "transport": "wifi",
            "wifi_ssid": "lakeside",
            "server_host": "127.0.0.1",
            "server_port": self.relay.port,
        }

    def finish(self) -> None:
        self.relay.deliver_what_is_late()

    def carried(self) -> Carried:
        happened = Counter({str(fault): count for fault, count in self.faults.seen.items()})
        return Carried(self.relay.wire_bytes, 0, happened)

    @property
    def kills(self) -> tuple[int, int]:
        return len(KILLS), self.faults.kills_done

    def close(self) -> None:
        self.relay.close()
