"""Another project's driver (python-gsmmodem-new) on a lone modem's terminal: it connects, sends and receives."""

import queue
import threading
from collections.abc import Iterator

import pytest
from gsmmodem.exceptions import (  # type: ignore[import-untyped]
    CmsError,
    IncorrectPinError,
    PinRequiredError,
)
from gsmmodem.modem import GsmModem, ReceivedSms, StatusReport  # type: ignore[import-untyped]

from emulator.sim800.lone import LoneModem
from emulator.sim800.sim import Lock, Sim

SERVICE = "+8610690001"
WAIT_S = 10
pytestmark = pytest.mark.filterwarnings("ignore")  # theirs


class Office:
    """Somebody else in the network, and what the driver told."""

    def __init__(self, lone: LoneModem) -> None:
        self.lone = lone
        self.got: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.messages: queue.Queue[ReceivedSms] = queue.Queue()
        self.reports: queue.Queue[StatusReport] = queue.Queue()
        lone.network.smsc.faults.delay_s = (0.3, 0.4)  # it misses a report that comes at once
        lone.network.smsc.application(SERVICE, lambda sender, content: self.got.put((sender, content)))

    def driver(self, pin: str | None = None) -> GsmModem:
        modem = GsmModem(
            self.lone.pty,
            115200,
            smsReceivedCallbackFunc=self.messages.put,
            smsStatusReportCallback=self.reports.put,
        )
        try:
            modem.connect(pin)
        except (PinRequiredError, IncorrectPinError):
            modem.close()
            raise
        return modem


@pytest.fixture
def office() -> Iterator[Office]:
    with LoneModem() as lone:
        yield Office(lone)


def close(driver: GsmModem) -> None:
    """When its threads have done what they were told: they die with an error otherwise."""
    while workers := [thread for thread in threading.enumerate() if "threadedHandle" in thread.name]:
        if workers[0].is_alive():  # else it is just about to begin
            workers[0].join()
    driver.close()


@pytest.fixture
def driver(office: Office) -> Iterator[GsmModem]:
    modem = office.driver()
    yield modem
    close(modem)


def test_it_learns_whom_it_talks_to(driver: GsmModem) -> None:
    assert driver.manufacturer == "SIMCOM_Ltd"
    assert driver.model == "SIMCOM_SIM800L"
    assert driver.imei.isdigit()
    assert driver.networkName == "CHINA MOBILE"
    assert driver.signalStrength == 20
    assert driver.smsc == "+8613800100500"


def test_it_sends_text_and_hears_that_it_was_delivered(office: Office, driver: GsmModem) -> None:
    sent = driver.sendSms(SERVICE, "Grüße aus dem Dorf", waitForDeliveryReport=True, deliveryTimeout=WAIT_S)
    assert office.got.get(timeout=WAIT_S) == (office.lone.modem.number, "Grüße aus dem Dorf".encode())
    assert sent.status == sent.DELIVERED


def test_it_sends_what_only_ucs_2_can_write(office: Office, driver: GsmModem) -> None:
    driver.sendSms(SERVICE, "扫描一次")
    assert office.got.get(timeout=WAIT_S)[1].decode() == "扫描一次"


def test_it_is_told_of_a_message_and_reads_it(office: Office, driver: GsmModem) -> None:
    office.lone.network.smsc.send(SERVICE, office.lone.modem.number, "12 credits left")
    message = office.messages.get(timeout=WAIT_S)
    assert (message.number, message.text) == (SERVICE, "12 credits left")


def test_it_lists_and_deletes_what_came_before_it_connected(office: Office) -> None:
    for text in ("one", "two"):
        office.lone.network.smsc.send(SERVICE, office.lone.modem.number, text)
    sim = office.lone.modem.sim
    assert sim
    assert office.lone.world.run_until(lambda: len(sim.places) == 2)
    driver = office.driver()
    assert sorted(message.text for message in driver.listStoredSms(delete=True)) == ["one", "two"]
    assert sim.places == {}
    close(driver)


def test_text_mode_works_as_well(office: Office, driver: GsmModem) -> None:
    driver.smsTextMode = True
    driver.sendSms(SERVICE, "plain text")
    assert office.got.get(timeout=WAIT_S)[1] == b"plain text"
    office.lone.network.smsc.send(SERVICE, office.lone.modem.number, "and back")
    message = office.messages.get(timeout=WAIT_S)
    assert (message.number, message.text) == (SERVICE, "and back")


def test_a_refusal_has_the_networks_code(office: Office, driver: GsmModem) -> None:
    office.lone.network.smsc.faults.refuse_cms = 38
    with pytest.raises(CmsError, match="38"):
        driver.sendSms(SERVICE, "no")


def test_a_pin_is_asked_for_and_a_wrong_one_costs_a_try() -> None:
    sim = Sim("+8613900000098", pin="4711")
    with LoneModem(sim) as lone:
        office = Office(lone)
        with pytest.raises(PinRequiredError):
            office.driver()
        with pytest.raises(IncorrectPinError):
            office.driver("0000")
        assert sim.pin_tries == 2
        driver = office.driver("4711")
        assert sim.lock is Lock.READY
        assert lone.world.run_until(lambda: lone.modem.sms.ready)
        driver.sendSms(SERVICE, "in")
        assert office.got.get(timeout=WAIT_S)[1] == b"in"
        close(driver)
