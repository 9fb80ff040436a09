"""The back office with a GSM modem of its own on a serial port: the emulated SIM800, reached through pyserial."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from gsm.network_pdu import encode_deliver_parts, encode_status_report
from protocol import uplink

from backoffice.errors import SmsPlatformRefused, SmsPlatformUnreachable
from backoffice.settings import Settings
from backoffice.sms import at_port, memory, modem, modem_setup
from backoffice.sms.modem import ModemPlatform
from backoffice.sms.platform import Aside
from backoffice.sms.secret import SmsSecrets
from backoffice.sms.sim_pin import SimPin
from backoffice.supervision import Worker
from emulator.sim800.lone import LoneModem
from emulator.sim800.sim import Sim
from tests.host.backoffice.conftest import migrated, settings
from tests.host.backoffice.machines import Machine, add_institution, add_machine
from tests.host.system.kannel_box import Ports
from tests.host.system.real_office import serving

__all__ = ["migrated", "settings"]

OURS, MACHINES = "+8613900000099", "+8613800000001"
BAUD = 115200
Running = Callable[..., AbstractContextManager[ModemPlatform]]
WAIT_S = 30.0
STATUS_LOW_MS = 1000
TRYING, EXPIRED = 0x30, 0x46  # TS 23.040 9.2.3.15


@dataclass
class Hall:
    """Where the platform hands in."""

    taken: list[tuple[str, bytes]] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    reports: list[tuple[str, str, bool]] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)
    troubles: dict[str, str] = field(default_factory=dict)
    open: bool = True
    asked: int = 0
    asked_about: int = 0
    unknown: int = 0
    """So many reports are about messages that it does not know yet."""
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, provider_id: str, sender: str, data: bytes) -> bool:
        with self.changed:
            self.asked += 1
            if self.open:
                self.numbers.append(provider_id)
                self.taken.append((sender, data))
            self.changed.notify_all()
            return self.open

    def report(self, provider_id: str, number: str, *, delivered: bool, submitted_at: int = 0) -> bool:
        with self.changed:
            self.asked_about += 1
            if self.asked_about > self.unknown:
                self.reports.append((provider_id, number, delivered))
            self.changed.notify_all()
            return self.asked_about > self.unknown

    def set_aside(self, aside: Aside) -> bool:
        with self.changed:
            if self.open:
                self.aside.append(aside)
            self.changed.notify_all()
            return self.open

    def trouble(self, subject: str, message: str) -> bool:
        with self.changed:
            self.troubles[subject] = message
            self.changed.notify_all()
            return True

    def wait_until(self, done: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(done, WAIT_S), (self.taken, self.reports, self.aside, self.troubles)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests run in real time."""
    monkeypatch.setattr(modem, "REOPEN_S", 0.1)
    monkeypatch.setattr(modem, "SWEEP_S", 1.0)
    monkeypatch.setattr(modem_setup, "SYNC_TIMEOUT_S", 0.3)
    monkeypatch.setattr(modem, "SUBMIT_TIMEOUT_S", 3.0)
    monkeypatch.setattr(at_port, "PROMPT_TIMEOUT_S", 1.0)


@pytest.fixture
def lone() -> Iterator[LoneModem]:
    with LoneModem(Sim(OURS)) as lone:
        lone.network.smsc.faults.delay_s = (0.0, 0.0)
        yield lone


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def running(tmp_path: Path) -> Running:
    """The platform on a modem while the block runs. Its secrets stay where they are from one to the next."""

    @contextmanager
    def run(url: str, hall: Hall, pin: str = "") -> Iterator[ModemPlatform]:
        platform = ModemPlatform(url, BAUD, SimPin(pin, tmp_path / "refused.json"), Worker("sms-modem"))
        platform.start(hall)
        try:
            yield platform
        finally:
            platform.close()

    return run


@pytest.fixture
def platform(lone: LoneModem, hall: Hall, running: Running) -> Iterator[ModemPlatform]:
    with running(lone.url, hall) as platform:
        yield platform


def ready(platform: ModemPlatform) -> ModemPlatform:
    assert platform.ready.wait(WAIT_S)
    return platform


def bring(lone: LoneModem, content: bytes | str, sender: str = MACHINES) -> None:
    with lone.world.lock:
        lone.network.smsc.send(sender, OURS, content)


def phone(lone: LoneModem) -> Hall:
    """A phone that shows what it gets."""
    shown = Hall()

    def ring(sender: str, data: bytes) -> None:
        shown.take("", sender, data)

    with lone.world.lock:
        lone.network.smsc.application(MACHINES, ring)
    return shown


def test_messages_in_both_directions(lone: LoneModem, hall: Hall, platform: ModemPlatform) -> None:
    shown = phone(lone)
    bring(lone, bytes(range(140)))
    hall.wait_until(lambda: len(hall.taken) == 1)
    assert hall.taken == [(MACHINES, bytes(range(140)))]
    reference = ready(platform).send(MACHINES, bytes(range(100, 240)), 7)
    shown.wait_until(lambda: bool(shown.taken))
    assert shown.taken == [(OURS, bytes(range(100, 240)))]
    hall.wait_until(lambda: bool(hall.reports))
    assert hall.reports == [(reference, MACHINES, True)]
    bring(lone, b"second")
    hall.wait_until(lambda: len(hall.taken) == 2)
    assert len(set(hall.numbers)) == 2


def test_reports_of_what_became_of_messages(lone: LoneModem, hall: Hall, platform: ModemPlatform) -> None:
    hall.unknown = 1
    ready(platform)
    for status in (TRYING, EXPIRED):
        with lone.world.lock:
            lone.modem.report(encode_status_report(77, MACHINES, status, 0, 0))
    hall.wait_until(lambda: bool(hall.reports))
    assert (hall.reports, hall.asked_about) == ([("77", MACHINES, False)], 2)


def test_long_messages(lone: LoneModem, hall: Hall, platform: ModemPlatform) -> None:
    shown = phone(lone)
    content = bytes(number % 251 for number in range(500))
    bring(lone, content)
    hall.wait_until(lambda: hall.taken == [(MACHINES, content)])
    reference = ready(platform).send(MACHINES, content, 0x1FF)
    shown.wait_until(lambda: shown.taken == [(OURS, content)])
    assert reference is not None
    assert len(reference.split("-")) == 4
    hall.wait_until(lambda: len(hall.reports) == 4)
    with pytest.raises(SmsPlatformRefused):
        platform.send(MACHINES, bytes(600), 8)


def test_the_memory_is_emptied_and_a_full_one_drains(lone: LoneModem, hall: Hall, running: Running) -> None:
    lone.network.smsc.faults.inbox_capacity = 2
    for number in range(6):
        bring(lone, b"message %d" % number)
    with running(lone.url, hall):
        hall.wait_until(lambda: len(hall.taken) == 6)
    assert sorted(data for _sender, data in hall.taken) == [b"message %d" % number for number in range(6)]
    assert len(set(hall.numbers)) == 6


def test_parts_wait_in_the_sim_for_each_other_also_while_the_back_office_is_away(
    lone: LoneModem, hall: Hall, running: Running
) -> None:
    with lone.world.lock:
        first, second = encode_deliver_parts(MACHINES, bytes(200), lone.world.unix_time, 9)
        lone.network.smsc.send_pdu(MACHINES, OURS, second)
    with running(lone.url, hall) as platform:
        ready(platform)
        bring(lone, b"another")
        hall.wait_until(lambda: len(hall.taken) == 1)
    with running(lone.url, hall) as platform:
        with lone.world.lock:
            lone.network.smsc.send_pdu(MACHINES, OURS, first)
        hall.wait_until(lambda: len(hall.taken) == 2)
    assert hall.taken == [(MACHINES, b"another"), (MACHINES, bytes(200))]


def test_parts_whose_others_never_come_do_not_fill_the_memory(
    lone: LoneModem, hall: Hall, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "PART_KEPT_S", 0.0)
    lone.network.smsc.faults.inbox_capacity = 1
    with lone.world.lock:
        first, _second = encode_deliver_parts(MACHINES, bytes(200), lone.world.unix_time, 9)
        lone.network.smsc.send_pdu(MACHINES, OURS, first)
    bring(lone, b"waits for room")
    with running(lone.url, hall):
        hall.wait_until(lambda: hall.taken == [(MACHINES, b"waits for room")])


def test_what_cannot_be_stored_stays_in_the_sim(lone: LoneModem, hall: Hall, platform: ModemPlatform) -> None:
    hall.open = False
    bring(lone, b"report")
    hall.wait_until(lambda: hall.asked >= 2)
    assert (hall.taken, len(lone.modem.sim.places if lone.modem.sim else {})) == ([], 1)
    with hall.changed:
        hall.open = True
    hall.wait_until(lambda: bool(hall.taken))
    assert len(set(hall.numbers)) == 1


def test_text_from_strangers_does_not_stay(lone: LoneModem, hall: Hall, platform: ModemPlatform) -> None:
    bring(lone, "You won 1000 €")
    hall.wait_until(lambda: bool(hall.taken))
    assert hall.taken[0][1] == "You won 1000 €".encode()


@pytest.mark.parametrize(
    ("cms", "trouble"), [(38, SmsPlatformUnreachable), (331, SmsPlatformUnreachable), (28, SmsPlatformRefused)]
)
def test_what_the_network_refuses(lone: LoneModem, platform: ModemPlatform, cms: int, trouble: type[Exception]) -> None:
    lone.network.smsc.faults.refuse_cms = cms
    with pytest.raises(trouble):
        ready(platform).send(MACHINES, b"data", 1)
    lone.network.smsc.faults.refuse_cms = None
    assert ready(platform).send(MACHINES, b"data", 1)


def test_a_prompt_that_never_comes(lone: LoneModem, platform: ModemPlatform) -> None:
    ready(platform)
    lone.modem.faults.missing_prompts = 1
    with pytest.raises(SmsPlatformUnreachable, match="prompt"):
        platform.send(MACHINES, b"data", 1)
    platform.ready.clear()
    assert ready(platform).send(MACHINES, b"data", 1)


def test_a_frozen_modem_and_one_that_comes_back(lone: LoneModem, hall: Hall, platform: ModemPlatform) -> None:
    ready(platform)
    with lone.world.lock:
        lone.modem.freeze()
    with pytest.raises(SmsPlatformUnreachable):
        platform.send(MACHINES, b"data", 1)
    with pytest.raises(SmsPlatformUnreachable, match="not ready"):
        platform.send(MACHINES, b"data", 1)
    with lone.world.lock:
        lone.modem.supply(False)
    lone.world.run_for(STATUS_LOW_MS)
    lone.start()
    bring(lone, b"after")
    hall.wait_until(lambda: bool(hall.taken))
    assert ready(platform).send(MACHINES, b"data", 1)


def test_noise_between_the_lines(lone: LoneModem, hall: Hall, platform: ModemPlatform) -> None:
    lone.modem.faults.urc_between_lines = 0.5
    lone.modem.faults.byte_gap_us = 20
    for number in range(5):
        bring(lone, b"message %d" % number)
        assert ready(platform).send(MACHINES, b"data", number)
    hall.wait_until(lambda: len(hall.taken) == 5)


def test_a_pin_is_given_again_whenever_the_modem_starts_anew(hall: Hall, running: Running) -> None:
    """It was accepted: as often as the SIM asks."""
    with LoneModem(Sim(OURS, pin="1234")) as lone, running(lone.url, hall, pin="1234") as platform:
        for _ in range(3):
            ready(platform)
            with lone.world.lock:
                lone.modem.supply(False)
            lone.world.run_for(STATUS_LOW_MS)
            platform.ready.clear()
            lone.start()
        assert ready(platform).send(MACHINES, b"data", 1)


def test_a_pin_that_was_refused_is_not_given_again_by_anybody_until_it_is_changed(hall: Hall, running: Running) -> None:
    with LoneModem(Sim(OURS, pin="1234")) as lone:
        assert lone.modem.sim is not None
        with running(lone.url, hall, pin="9999"):
            hall.wait_until(lambda: "refused" in hall.troubles.get("modem", ""))  # opened again and again meanwhile
        assert lone.modem.sim.pin_tries == 2
        hall.troubles.clear()
        with running(lone.url, hall, pin="9999"):  # another process
            hall.wait_until(lambda: "refused this PIN before" in hall.troubles.get("modem", ""))
        assert lone.modem.sim.pin_tries == 2
        with running(lone.url, hall, pin="1234") as platform:  # somebody set the right one
            ready(platform)
            hall.wait_until(lambda: hall.troubles["modem"] == "")
        assert lone.modem.sim.pin_tries == 3


def test_a_refused_pin_is_another_sims_right_one(hall: Hall, running: Running) -> None:
    with LoneModem(Sim(OURS, pin="1234")) as lone, running(lone.url, hall, pin="5678"):
        hall.wait_until(lambda: "modem" in hall.troubles)
    with (
        LoneModem(Sim(OURS, pin="5678", iccid="89860000000000000001")) as lone,
        running(lone.url, hall, pin="5678") as platform,
    ):
        ready(platform)


def test_the_last_try_at_a_pin_belongs_to_a_person(hall: Hall, running: Running) -> None:
    with LoneModem(Sim(OURS, pin="1234", pin_tries=1)) as lone, running(lone.url, hall, pin="1234"):
        hall.wait_until(lambda: "1 tries" in hall.troubles.get("modem", ""))
        assert lone.modem.sim is not None
        assert lone.modem.sim.pin_tries == 1


def test_a_port_that_is_not_there(hall: Hall, running: Running) -> None:
    with running("socket://127.0.0.1:1", hall) as platform:
        with pytest.raises(SmsPlatformUnreachable):
            platform.send(MACHINES, b"data", 1)
        hall.wait_until(lambda: "cannot open" in hall.troubles.get("modem", ""))


def test_through_the_whole_back_office(settings: Settings, lone: LoneModem) -> None:
    path = settings.keyring_path.with_name("sms.json")
    SmsSecrets.fresh().write(path)
    chosen = {"sms_platform": "modem", "sms_secret_path": path, "sms_modem_port": lone.url}
    with serving(settings.model_copy(update=chosen), Ports.free().office, lambda: lone.world.unix_time) as office:
        machine = add_machine(office.context, Machine(), add_institution(office.context))
        machine.exam(500)
        report = machine.report()
        shown = phone(lone)
        bring(lone, report)
        shown.wait_until(lambda: bool(shown.taken))
        sender, content = shown.taken[0]
        assert (sender, uplink.open_ack(machine.key, report, content).ack_seq) == (OURS, 4)
        office.wait_until(lambda: [row.state for row in office.going()] == ["delivered"])
        assert [(row.state, row.sender) for row in office.coming()] == [("taken", MACHINES)]
