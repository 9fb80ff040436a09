"""GPRS: the modem carries TCP to the back office's name, the ESP32 speaks TLS over it."""

from typing import Final

from emulator.device import Board
from emulator.sim800 import Sim
from tools.uplinks.ways.internet import Internet
from tools.uplinks.ways.way import Stage

NUMBER: Final = "+8613900000001"
APN: Final = "internet"
PORT: Final = 443
DEACT_AT: Final = (0.2, 0.6)


def insert_sim(machine: Board) -> None:
    """A SIM of an ordinary contract."""
    machine.modem.sim = Sim(NUMBER, apn=APN)


def route(stage: Stage, port: int) -> None:
    """The back office's public name leads to the relay."""
    stage.world.phone.gprs.routes[stage.office.name, PORT] = ("127.0.0.1", port)


def settings_of(name: str) -> dict[str, object]:
    """To find the back office by its name."""
    return {"apn": APN, "server_host": name, "server_port": PORT}


class Gprs(Internet):
    """2G data; now and then the network takes the context away."""

    name = "gprs"
    story = "TLS run by the ESP32 over a SIM800's TCP; the network also takes the packet context away twice."

    def settings(self) -> dict[str, object]:
        return {**super().settings(), **settings_of(self.stage.office.name), "transport": "gprs"}

    def prepare(self, machine: Board) -> None:
        insert_sim(machine)
        route(self.stage, self.relay.port)

    def after(self, debits: int, of: int) -> None:
        if debits in [int(share * of) for share in DEACT_AT]:
            self.stage.tell("the network takes the packet data context away")
            self.stage.world.phone.gprs.deact()
