"""The heap of an ESP32 on Wi-Fi: what the busiest moment takes of it, and which module how much."""

from collections.abc import Callable

from emulator.heap import STAND_INS_BYTES
from emulator.kit import BatchOrder, TestAuthority, swipe_machine, tap
from emulator.kit.machines import HEAP_WORDS_K, await_service
from emulator.world import World
from tests.host.firmware.back_office import BackOffice, serving

SPARE_BYTES = 8 * 1024  # of the 64-bit port, between the busiest moment and a full heap


def test_busiest_moment(
    world: World, authority: TestAuthority, order: BatchOrder, record_property: Callable[[str, object], None]
) -> None:
    """Boot, batch card, exams, reports: all in a heap that is as tight as 96 KiB of the chip."""
    with serving(BackOffice(authority.machine_key())) as port:
        settings = {"server_host": "127.0.0.1", "server_port": port, "report_s": 60}
        machine = swipe_machine(world, authority, settings=settings, heap_words_k=HEAP_WORDS_K)
        machine.power_off()
        machine.watch_heap = True
        machine.power_on()
        await_service(machine)
        machine.network.up = True
        assert tap(machine, authority.batch_card(order))["reason"] == "granted"
        for credit in range(1000, 1012):
            assert tap(machine, authority.one_time_card(order, credit))["reason"] == "granted"
            machine.host.call("swipe.end")
            world.run_for(2000)
        machine.host.call("status")
    report = machine.heap_report
    record_property(
        "measured", f"heap: {report.peak} of {report.size} bytes at the busiest moment, {report.stand_ins} not ours"
    )
    modules = sorted(report.imports.items(), key=lambda item: -item[1])
    record_property("measured", "heap, by module: " + ", ".join(f"{name} {taken}" for name, taken in modules))
    assert 0 < report.stand_ins <= STAND_INS_BYTES
    assert {"tap", "journal", "mfrc522.chip", "protocol.hostlink"} <= set(report.imports)
    assert report.peak < report.size - SPARE_BYTES
    assert machine.starts == 2, machine.crash_log
