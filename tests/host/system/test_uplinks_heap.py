"""The heap of an ESP32 while a link, TLS and a tap want it at once."""

from collections.abc import Callable

import pytest

from emulator.flash import Flash
from emulator.heap import STAND_INS_BYTES
from emulator.kit import tap
from emulator.kit.machines import HEAP_WORDS_K, MODEM_HEAP_WORDS_K, await_service
from emulator.sim800 import Sim
from tests.host.system.clinic import Office
from tests.host.system.links_fixtures import clock, images, lines, office, tls_wire
from tests.host.system.uplinks import APN, BATCH, COUNT, FIRST, MACHINE_NUMBER, Uplinks, reported, status

__all__ = ["clock", "images", "lines", "office", "tls_wire"]

EXAMS = 8
SPARE_BYTES = 4 * 1024  # of the 64-bit port, between the busiest moment and a full heap


@pytest.mark.parametrize(("link", "heap_words_k"), [("wifi", HEAP_WORDS_K), ("gprs", MODEM_HEAP_WORDS_K)])
def test_a_link_and_tls_and_taps_at_once(
    lines: Uplinks, office: Office, record_property: Callable[[str, object], None], link: str, heap_words_k: int
) -> None:
    """Cards are tapped while the link comes up, TLS shakes hands, reports are sealed and answers opened: on Wi-Fi in a
    heap as tight as 96 KiB of the chip, over GPRS in one as tight as 128 KiB, and the radio of Wi-Fi is off then.
    """
    flash = Flash(lines.images.image(lines.images.settings(link)), seed=1)
    machine = lines.world.board("machine", flash=flash, heap_words_k=heap_words_k)
    machine.modem.sim = Sim(MACHINE_NUMBER, apn=APN)
    machine.watch_heap = True
    machine.power_on()
    await_service(machine)
    for credit in range(1000, 1000 + EXAMS):
        lines.exam(machine, credit)
        lines.world.run_for(1500)
    assert reported(machine), status(machine)
    assert office.usage() == list(range(1000, 1000 + EXAMS))
    assert machine.starts == 1, machine.crash_log
    assert machine.network.active == (link == "wifi")
    report = machine.heap_report
    assert report.stand_ins <= STAND_INS_BYTES
    assert report.peak < report.size - SPARE_BYTES
    record_property(
        "measured", f"heap with {link}, TLS and taps: {report.peak} of {report.size} bytes at the busiest moment"
    )


def test_a_batch_card_in_the_middle_of_tls(lines: Uplinks, office: Office) -> None:
    """Verifying a batch needs the memory of a report under way: the report is called off, the card is not turned away,
    and the report arrives a little later.
    """
    machine, phone = lines.machine("gprs"), lines.world.phone.gprs
    lines.exam(machine, FIRST)
    assert lines.world.run_until(lambda: phone.bytes_down > 0, 120_000)
    order = lines.images.authority.batch(BATCH + 1, FIRST + COUNT, 50)
    assert tap(machine, lines.images.authority.batch_card(order))["reason"] == "granted"
    assert status(machine)["uplink"]["last_ack_time"] == 0  # nothing had come through before
    assert reported(machine), status(machine)
    assert office.usage() == [FIRST]
    assert machine.starts == 1, machine.crash_log
