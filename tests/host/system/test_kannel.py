"""Short messages through a real Kannel: sealed reports in, sealed acks out, delivery reports, and troubles between."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus, unquote_to_bytes

import pytest
from protocol import uplink

from backoffice.models import Machine as MachineRow
from backoffice.settings import Settings
from backoffice.sms.secret import SmsSecrets
from tests.host.backoffice.conftest import migrated, settings
from tests.host.backoffice.machines import Machine, add_institution, add_machine
from tests.host.system.kannel_box import FAKE_SMSC_CLIENT, Kannel, Ports, require_kannel, running_kannel
from tests.host.system.real_office import RealOffice, serving

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
        office.do(lambda session: _order_something_long(office, session))
        office.do(lambda session: office.context.sms.push(session, 1, urgent=True))
        parts = [network.take() for _ in range(2)]
        assert sorted(part[2][-1] for part in parts) == [1, 2]
        whole = b"".join(part[3] for part in sorted(parts, key=lambda part: part[2][-1]))
        opened = uplink.open_push(machine.key, whole)
        assert [command.kind for command in opened.commands] == [uplink.SETTINGS]
        office.wait_until(lambda: office.going()[-1].state == "delivered")


def _order_something_long(office: RealOffice, session: object) -> None:
    from sqlmodel import Session

    from backoffice.commands import service as commands

    assert isinstance(session, Session)
    commands.order_by_system(session, 1, uplink.SETTINGS, [{"wifi_password": "p" * 150}], office.context.clock())


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


def _due_now(session: object) -> None:
    from sqlmodel import Session, select

    from backoffice.models import SmsOut

    assert isinstance(session, Session)
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
            office.do(lambda session: _know_its_number(session))
            office.do(lambda session: office.context.sms.push(session, 1, urgent=True))
            office.wait_until(lambda: office.going()[-1].error == "sms_platform_unreachable")
        assert office.coming() == []


def _know_its_number(session: object) -> None:
    from sqlmodel import Session

    assert isinstance(session, Session)
    row = session.get(MachineRow, 1)
    assert row is not None
    row.sms_number = MACHINES
