"""The heap of an ESP32 with 96 KiB while the modem, TLS and a tap want it at once."""

from collections.abc import Callable

from emulator.flash import Flash
from emulator.kit import tap
from emulator.kit.machines import ESP32_WORDS_K, await_service
from emulator.sim800 import Sim
from tests.host.system.clinic import Office
from tests.host.system.links_fixtures import clock, images, lines, office, tls_wire
from tests.host.system.uplinks import APN, BATCH, COUNT, FIRST, MACHINE_NUMBER, Uplinks, reported, status

__all__ = ["clock", "images", "lines", "office", "tls_wire"]

EXAMS = 8
SPARE_BYTES = 2 * 1024  # of the 64-bit port, between the busiest moment and a full heap


def test_gprs_and_tls_and_taps_at_once(
    lines: Uplinks, office: Office, record_property: Callable[[str, object], None]
) -> None:
    """Cards are tapped while the modem starts, TLS shakes hands, reports are sealed and answers opened: all of it in 96
    thousand words, the emulator's side included.
    """
    flash = Flash(lines.images.image(lines.images.settings("gprs")), seed=1)
    machine = lines.world.board("machine", flash=flash, heap_words_k=ESP32_WORDS_K)
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
    report = machine.heap_report
    assert report.peak < report.size - SPARE_BYTES
    record_property(
        "measured", f"heap with GPRS, TLS and taps: {report.peak} of {report.size} bytes at the busiest moment"
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
