"""The firmware reports to a server whose sealing is none of ours: pycose and cbor2, both ways, over the wire."""

from collections.abc import Iterator

import cbor2
import pytest
from protocol import cbor, entries_reader, journal, keys, uplink

from emulator.device import Board
from emulator.kit import BatchOrder, TestAuthority, swipe_machine, tap
from emulator.world import World
from tests.host.firmware.back_office import SERVER_TIME, BackOffice, serving
from tests.host.protocol.independent import IV, KID, opened, sealed, unprotected

REPORT_S = 60
PATIENCE_MS = 120_000
MAC_BYTES = 8


class IndependentOffice(BackOffice):
    """Nothing of ``protocol`` opens or seals here."""

    def __init__(self, machine_key: bytes) -> None:
        super().__init__(machine_key)
        self._uplink_key, self._downlink_key = keys.uplink_key(machine_key), keys.downlink_key(machine_key)

    def take(self, message: bytes) -> bytes:
        self.reports += 1
        header = unprotected(message)
        assert header[KID] == (1).to_bytes(4, "big")
        payload = opened(message, self._uplink_key)
        _version, first_seq, macs, stream, *health = payload
        assert cbor.encode(cbor2.loads(cbor2.dumps(payload))) == cbor.encode(payload)
        found = entries_reader.decode(stream, first_seq)
        self._store(uplink.Report(1, first_seq, macs[:MAC_BYTES], found, macs[MAC_BYTES:], dict(*health)))
        done = {int.from_bytes(entry.detail[:4], "big") for entry in self.of(journal.COMMAND)}
        commands = [[order.id, order.kind, order.args] for order in self.commands if order.id not in done]
        answer = [1, max(self.entries, default=0), SERVER_TIME, commands, 0]
        nonce = self.reports.to_bytes(13, "big")
        return sealed(answer, self._downlink_key, nonce, header[KID], header[IV])


@pytest.fixture
def office(authority: TestAuthority) -> IndependentOffice:
    return IndependentOffice(authority.machine_key())


@pytest.fixture
def online(world: World, authority: TestAuthority, order: BatchOrder, office: IndependentOffice) -> Iterator[Board]:
    with serving(office) as port:
        settings: dict[str, object] = {"server_host": "127.0.0.1", "server_port": port, "report_s": REPORT_S}
        machine = swipe_machine(world, authority, settings=settings)
        machine.network.up = True
        tap(machine, authority.batch_card(order))
        yield machine


def test_reports_open_and_answers_are_understood(
    online: Board, authority: TestAuthority, order: BatchOrder, office: IndependentOffice
) -> None:
    office.commands.append(uplink.Command(41, uplink.REVOKE_CREDIT, [order.batch_id, 1050]))
    for credit in range(1000, 1003):
        assert tap(online, authority.one_time_card(order, credit))["reason"] == "granted"
        online.host.call("swipe.end")

    def all_known() -> bool:
        state = online.host.call("status")["journal"]
        return bool(state["pending"] == 0 and office.of(journal.COMMAND))

    for _ in range(PATIENCE_MS // 2000):
        if all_known():
            break
        online.world.run_for(2000)
    assert all_known(), (online.host.call("status"), office.reports, online.crash_log[-1500:])
    assert [entry.credit for entry in office.of(journal.DEBIT)] == [1000, 1001, 1002]
    assert tap(online, authority.one_time_card(order, 1050))["reason"] == "revoked"
