"""The heap of an ESP32 with 96 KiB while the modem, TLS and a tap want it at once."""

from collections.abc import Callable

from emulator.flash import Flash
from emulator.kit.machines import HEAP_WORDS_K, await_service
from emulator.sim800 import Sim
from tests.host.system.clinic import Office
from tests.host.system.links_fixtures import clock, images, lines, office, tls_wire
from tests.host.system.uplinks import APN, MACHINE_NUMBER, Uplinks, reported, status

__all__ = ["clock", "images", "lines", "office", "tls_wire"]

EXAMS = 8
STAND_INS_WORDS_K = 11  # 21,984 bytes of the 64-bit port that the emulator's own modules take; on a board they are C


def test_gprs_and_tls_and_taps_at_once(
    lines: Uplinks, office: Office, record_property: Callable[[str, object], None]
) -> None:
    """Cards are tapped while the modem starts, TLS shakes hands, reports are sealed and answers opened: all of it in 96
    thousand words, the emulator's side not included.
    """
    flash = Flash(lines.images.image(lines.images.settings("gprs")), seed=1)
    machine = lines.world.board("machine", flash=flash, heap_words_k=HEAP_WORDS_K + STAND_INS_WORDS_K)
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
    assert report.firmware_peak < HEAP_WORDS_K * 2048
    record_property(
        "measured", f"heap with GPRS, TLS and taps: {report.peak} of {report.size} bytes at the busiest moment"
    )
