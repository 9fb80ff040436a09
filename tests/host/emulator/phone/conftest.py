"""A phone network with handsets that keep what they get."""

from collections.abc import Iterator

import pytest
from gsm.pdu import Deliver, Joiner, StatusReport, decode_deliver, decode_status_report, encode_submit

from emulator.phone import PhoneNetwork
from emulator.world import World

SERVICE = "+8610690001"


class Handset:
    """A phone without a modem: the network's own side of the interface."""

    def __init__(self, network: PhoneNetwork, number: str) -> None:
        self.number = number
        self.messages: list[Deliver] = []
        self.reports: list[StatusReport] = []
        self.room = 1_000
        self.changes = 0
        self.contexts_lost = 0
        self._network = network
        self._reference = 0

    def deliver(self, pdu: bytes) -> bool:
        if len(self.messages) >= self.room:
            return False
        self.messages.append(decode_deliver(pdu))
        return True

    def report(self, pdu: bytes) -> None:
        self.reports.append(decode_status_report(pdu))

    def cells_changed(self) -> None:
        self.changes += 1

    def deactivate(self) -> None:
        self.contexts_lost += 1

    def send(self, to: str, data: bytes, report: bool = False) -> None:
        for pdu, _ in encode_submit(to, data, 1, report):
            self._reference += 1
            self._network.smsc.submit(self.number, pdu, self._reference)

    @property
    def contents(self) -> list[bytes]:
        joiner = Joiner()
        return [whole for whole in map(joiner.add, self.messages) if whole is not None]


@pytest.fixture
def world() -> Iterator[World]:
    with World(seed=3) as made:
        yield made


@pytest.fixture
def network(world: World) -> PhoneNetwork:
    return world.phone


@pytest.fixture
def handset(network: PhoneNetwork) -> Handset:
    made = Handset(network, "+8613900000001")
    network.register(made)
    return made
