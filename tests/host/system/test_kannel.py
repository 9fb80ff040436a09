"""Short messages through a real Kannel: sealed reports in, sealed acks out, delivery reports, and troubles between."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus, unquote_to_bytes

import pytest
from protocol import journal, uplink
from sqlmodel import Session, select

from backoffice.commands import service as commands
from backoffice.models import Machine as MachineRow
from backoffice.models import SmsOut
from backoffice.settings import Settings
from backoffice.sms.secret import SmsSecrets
from emulator.checkers.journal_on_flash import read_journal
from emulator.device import Board
from emulator.flash import Flash
from emulator.kit import BatchOrder, TestAuthority, swipe_machine, tap
from emulator.kit.machines import MODEM_HEAP_WORDS_K, await_service
from emulator.phone.kannel import FakeSmscLink
from emulator.sim800 import Sim
from emulator.world import World
from tests.host.backoffice.conftest import migrated, settings
from tests.host.backoffice.machines import Machine, add_institution, add_machine
from tests.host.backoffice.support import NOW
from tests.host.system.kannel_box import FAKE_SMSC_CLIENT, Kannel, Ports, require_kannel, running_kannel
from tests.host.system.real_office import RealOffice, serving
from tools.issued import IssuedBatch

__all__ = ["migrated", "settings"]

OURS, MACHINES = "12345", "+8613800000001"
CLIENT_TIMEOUT_S = 30

pytestmark = pytest.mark.xdist_group("kannel")


@pytest.fixture
def ports() -> Ports:
    require_kannel()
    return Ports.free()


@pytest.fixture
def kannel_settings(settings: Settings, ports: Ports) -> Settings:
    path = settings.keyring_path.with_name("sms.json")
    SmsSecrets.fresh().write(path)
    return settings.model_copy(
        update={
            "sms_platform": "kannel",
            "sms_secret_path": path,
            "sms_number": OURS,
            "sms_kannel_url": f"http://127.0.0.1:{ports.sendsms}/cgi-bin/sendsms",
            "sms_callback_url": f"http://127.0.0.1:{ports.office}",
        }
    )


@pytest.fixture
def secrets(kannel_settings: Settings) -> SmsSecrets:
    return SmsSecrets.load(kannel_settings.sms_secret_path)


@pytest.fixture
def office(kannel_settings: Settings, ports: Ports) -> Iterator[RealOffice]:
    with serving(kannel_settings, ports.office) as office:
        yield office


@pytest.fixture
def kannel(ports: Ports, secrets: SmsSecrets, tmp_path: Path) -> Iterator[Kannel]:
    with running_kannel(tmp_path, ports, secrets) as kannel:
        yield kannel


@pytest.fixture
def machine(office: RealOffice) -> Machine:
    return add_machine(office.context, Machine(), add_institution(office.context))


class Network:
    """The phone network's end of Kannel's fake SMSC, by hand."""

    def __init__(self, kannel: Kannel) -> None:
        self._socket = socket.create_connection(kannel.network_address, CLIENT_TIMEOUT_S)
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> "Network":
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def bring(self, data: bytes) -> None:
        self._socket.sendall(f"{MACHINES} {OURS} data {quote_plus(data)}\n".encode())

    def bring_part(self, data: bytes, header: bytes) -> None:
        self._socket.sendall(f"{MACHINES} {OURS} udh {quote_plus(header)} {quote_plus(data)}\n".encode())

    def take(self) -> tuple[str, str, bytes, bytes]:
        """Sender, receiver, header and content of the next SMS that Kannel sends."""
        sender, receiver, kind, rest = self._lines.readline().rstrip(b"\n").split(b" ", 3)
        header = b""
        if kind == b"udh":
            header, _, rest = rest.replace(b"data ", b"").partition(b" ")
        decoded = [unquote_to_bytes(part.replace(b"+", b" ")) for part in (header, rest)]
        return sender.decode(), receiver.decode(), decoded[0], decoded[1] if kind != b"text" else rest


def test_a_report_through_kannels_own_fake_smsc_client(office: RealOffice, machine: Machine, kannel: Kannel) -> None:
    machine.exam(500)
    report = machine.report()
    message = f"{MACHINES} {OURS} data {quote_plus(report)}"
    command = [FAKE_SMSC_CLIENT, "-H", "127.0.0.1", "-r", str(kannel.ports.network), "-m", "1", message]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        try:
            office.wait_until(lambda: [row.state for row in office.going()] == ["delivered"])
        finally:
            client.terminate()
        said = client.communicate(timeout=CLIENT_TIMEOUT_S)[0]
    (taken,) = office.coming()
    assert (taken.state, taken.sender, taken.machine_id, taken.platform) == ("taken", MACHINES, 1, "kannel")
    (answer,) = office.going()
    assert uplink.open_ack(machine.key, report, answer.body).ack_seq == 4
    assert f"{OURS} {MACHINES} data".encode() in said


def test_back_and_forth(office: RealOffice, machine: Machine, kannel: Kannel, secrets: SmsSecrets) -> None:
    with Network(kannel) as network:
        for credit in (500, 501, 502):
            machine.exam(credit)
            report = machine.report(4 * (credit - 500) + 1)
            network.bring(report)
            sender, receiver, header, content = network.take()
            assert (sender, receiver, header) == (OURS, MACHINES, b"")
            assert uplink.open_ack(machine.key, report, content).ack_seq == len(machine.entries)
        office.wait_until(lambda: [row.state for row in office.going()] == ["delivered"] * 3)
        network.bring(b"Congratulations, you won")
        office.wait_until(lambda: len(office.coming()) == 4)
        machine.exam(503)
        network.bring(machine.report())
        assert uplink.open_ack(machine.key, machine.report(), network.take()[3]).ack_seq == 16  # nothing in between
    assert [row.state for row in office.coming()] == ["taken"] * 3 + ["refused", "taken"]
    assert_no_secret_in(kannel, secrets)


def assert_no_secret_in(kannel: Kannel, secrets: SmsSecrets) -> None:
    said = kannel.logs()
    assert "smsbox" in said
    for secret in (secrets.kannel_in, secrets.kannel_out, secrets.delivery):
        assert secret not in said


def test_messages_of_several_parts_in_both_directions(office: RealOffice, machine: Machine, kannel: Kannel) -> None:
    for credit in range(500, 620, 3):
        machine.exam(credit)
    report = machine.report()
    assert 140 < len(report) <= 268
    with Network(kannel) as network:
        network.bring_part(report[134:], b"\x05\x00\x03\x07\x02\x02")
        network.bring_part(report[:134], b"\x05\x00\x03\x07\x02\x01")
        assert uplink.open_ack(machine.key, report, network.take()[3]).ack_seq == 160
        settings = {"wifi_password": "p" * 150}
        office.do(lambda session: commands.order_by_system(session, 1, uplink.SETTINGS, [settings], NOW))
        office.do(lambda session: office.context.sms.push(session, 1, urgent=True))
        parts = [network.take() for _ in range(2)]
        assert sorted(part[2][-1] for part in parts) == [1, 2]
        whole = b"".join(part[3] for part in sorted(parts, key=lambda part: part[2][-1]))
        opened = uplink.open_push(machine.key, whole)
        assert [command.kind for command in opened.commands] == [uplink.SETTINGS]
        office.wait_until(lambda: office.going()[-1].state == "delivered")


def test_kannel_keeps_a_report_while_the_back_office_is_away(
    kannel_settings: Settings, ports: Ports, kannel: Kannel, secrets: SmsSecrets
) -> None:
    with serving(kannel_settings, ports.office) as office:
        machine = add_machine(office.context, Machine(), add_institution(office.context))
    machine.exam(500)
    report = machine.report()
    with Network(kannel) as network:
        network.bring(report)
        kannel.smsbox.wait_for("Couldn't fetch")
        with serving(kannel_settings, ports.office) as office:
            assert uplink.open_ack(machine.key, report, network.take()[3]).ack_seq == 4
            assert [row.state for row in office.coming()] == ["taken"]
    assert_no_secret_in(kannel, secrets)


def test_the_back_office_keeps_an_ack_while_kannel_is_away(
    office: RealOffice, machine: Machine, ports: Ports, secrets: SmsSecrets, tmp_path: Path
) -> None:
    machine.exam(500)
    report = machine.report()
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with running_kannel(tmp_path / "one", ports, secrets) as kannel, Network(kannel) as network:
        network.bring(report)
        network.take()
        office.wait_until(lambda: office.going()[-1].state == "delivered")
    office.do(lambda session: office.context.sms.push(session, 1, urgent=True))
    office.wait_until(lambda: office.going()[-1].error == "sms_platform_unreachable")
    assert office.going()[-1].state == "queued"
    office.do(_due_now)
    with running_kannel(tmp_path / "two", ports, secrets) as kannel, Network(kannel) as network:
        office.context.sms.wake()
        assert uplink.open_push(machine.key, network.take()[3]).ack_seq == 4


def _due_now(session: Session) -> None:
    for row in session.exec(select(SmsOut).where(SmsOut.state == "queued")):
        row.next_at = 0


def test_kannel_refuses_a_back_office_with_another_password_and_we_it(
    kannel_settings: Settings, ports: Ports, tmp_path: Path
) -> None:
    others = SmsSecrets.fresh()
    with running_kannel(tmp_path, ports, others) as kannel, serving(kannel_settings, ports.office) as office:
        machine = add_machine(office.context, Machine(), add_institution(office.context))
        machine.exam(500)
        with Network(kannel) as network:
            network.bring(machine.report())
            office.do(_know_its_number)
            office.do(lambda session: office.context.sms.push(session, 1, urgent=True))
            office.wait_until(lambda: office.going()[-1].error == "sms_platform_unreachable")
        assert office.coming() == []


def _know_its_number(session: Session) -> None:
    row = session.get(MachineRow, 1)
    assert row is not None
    row.sms_number = MACHINES


# The whole way: firmware -> its modem -> SMS centre -> Kannel -> back office, and back.

BATCH, FIRST, COUNT, INSTITUTION, SEED = 7, 1000, 100, 10, 1
HOUR_MS = 3_600_000
LOOK_MS = 5_000


roomy = pytest.mark.parametrize("clinic", [None], indirect=True)
"""With more heap than a board has: what these tests are about is not memory."""


@dataclass
class Clinic:
    """A machine whose only link is SMS, and the real back office behind a real Kannel."""

    world: World
    authority: TestAuthority
    order: BatchOrder
    machine: Board
    office: RealOffice

    def exam(self, credit: int) -> None:
        assert tap(self.machine, self.authority.one_time_card(self.order, credit))["reason"] == "granted"
        self.machine.host.call("swipe.end")

    def all_acked(self, timeout_ms: int = HOUR_MS) -> None:
        """Until the machine says by itself that the back office has everything: asking would cost it heap."""
        host = self.machine.host
        host.take_notifications("uplink")

        def said() -> bool:
            return any(one["method"] == "uplink" and one["params"]["pending"] == 0 for one in host.notifications)

        self.run_until(said, timeout_ms)

    def run_until(self, done: Callable[[], bool], timeout_ms: int = HOUR_MS) -> None:
        for _ in range(timeout_ms // LOOK_MS):
            if done():
                return
            self.world.run_for(LOOK_MS)
            assert self.machine.starts == 1, self.machine.crash_log
        raise AssertionError(f"{self.machine.host.call('status')}\n{self.office.coming()}\n{self.office.going()}")


@pytest.fixture(params=[MODEM_HEAP_WORDS_K])
def clinic(kannel_settings: Settings, ports: Ports, kannel: Kannel, request: pytest.FixtureRequest) -> Iterator[Clinic]:
    authority = TestAuthority(seed=SEED)
    order = authority.batch(BATCH, FIRST, COUNT)
    with World(seed=SEED) as world:
        clock = lambda: NOW + world.now_us // 1_000_000  # noqa: E731
        with serving(kannel_settings, ports.office, clock) as office:
            key = authority.machine_key(1)
            batch = IssuedBatch(BATCH, FIRST, COUNT, 1, 1, INSTITUTION)
            add_machine(office.context, Machine(1, 1, key), add_institution(office.context), batch)
            link = FakeSmscLink(world, kannel.network_address, [OURS])
            machine = machine_in(world, provisioned(authority, order), request.param)
            yield Clinic(world, authority, order, machine, office)
            link.close()


def provisioned(authority: TestAuthority, order: BatchOrder) -> bytes:
    """The flash of a machine that knows its batch and its only link: what leaves the workshop."""
    wanted: dict[str, object] = {"transport": "sms", "sms_number": OURS, "sms_gather_s": 300, "report_s": 300}
    with World(seed=SEED) as workshop:
        machine = swipe_machine(workshop, authority, "swipe", 1, INSTITUTION, wanted)
        assert tap(machine, authority.batch_card(order))["reason"] == "granted"
        return machine.flash.image()


def machine_in(world: World, image: bytes, heap_words_k: int | None) -> Board:
    """Awake at the clinic."""
    machine = world.board("machine", flash=Flash(image, SEED), heap_words_k=heap_words_k)
    machine.modem.sim = Sim(MACHINES)
    machine.power_on()
    await_service(machine)
    return machine


def test_the_whole_way(clinic: Clinic, kannel: Kannel, secrets: SmsSecrets) -> None:
    credits_ = list(range(FIRST, FIRST + 14))
    for credit in credits_:
        clinic.exam(credit)
    clinic.all_acked()
    assert clinic.office.credits() == credits_
    assert {row.state for row in clinic.office.coming()} <= {"taken", "duplicate"}
    assert (
        clinic.machine.host.call("status")["journal"]["acked"] == clinic.machine.host.call("status")["journal"]["seq"]
    )
    assert all(row.parts == 1 for row in clinic.office.going())
    assert_no_secret_in(kannel, secrets)


@roomy
def test_an_order_reaches_the_machine_before_it_reports_and_its_answer_comes_back(clinic: Clinic) -> None:
    clinic.exam(FIRST)
    clinic.all_acked()
    made: list[int] = []

    def order(session: Session) -> None:
        row = commands.order_by_system(session, 1, uplink.REVOKE_CREDIT, [BATCH, FIRST + 50], NOW)
        made.append(row.id or 0)
        assert clinic.office.context.sms.push(session, 1, urgent=True) is not None

    clinic.office.do(order)
    clinic.run_until(lambda: clinic.office.command(made[0]).state == "done")
    card = clinic.authority.one_time_card(clinic.order, FIRST + 50)
    assert tap(clinic.machine, card)["reason"] == "revoked"
    journalled = read_journal(clinic.machine.flash.image()).of(journal.COMMAND)
    assert [int.from_bytes(entry.detail[:4], "big") for entry in journalled] == made
    assert [row.kind for row in clinic.office.going()].count("push") == 1


@roomy
def test_a_network_that_loses_doubles_and_delays(clinic: Clinic) -> None:
    faults = clinic.world.phone.smsc.faults
    faults.loss, faults.duplication, faults.reorder, faults.delay_s = 0.3, 0.3, 0.3, (1.0, 60.0)
    credits_ = list(range(FIRST, FIRST + 8))
    for credit in credits_:
        clinic.exam(credit)
        clinic.world.run_for(60_000)
    clinic.all_acked(24 * HOUR_MS)
    assert clinic.office.credits() == credits_
