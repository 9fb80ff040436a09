"""One report, sealed, and its answer, opened. Borrowed code: between two reports none of this is in memory."""

import gc

import journal_report
import link_report
from device_report import FIRMWARE
from protocol import report_writer, uplink
from slices import in_slices

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device import Device

ENTRIES_MAX = 96  # in one report; twenty exams of a working day fit an SMS


async def seal(device: "Device", max_bytes: int, link: str) -> bytes:
    """The oldest entries that the back office does not have, as many as fit, with the machine's health.

    In slices: a card that is tapped meanwhile is served in between."""
    journal, config = device.journal, device.config
    assert journal is not None
    assert config is not None
    health = _least_health(device) if link == "sms" else _health(device)
    seq, before = journal.acked_seq, journal.acked_mac
    entries, after = await in_slices(journal_report.gathering(journal, seq, before, ENTRIES_MAX))
    fits = await in_slices(report_writer.fitting(entries, max_bytes, health, seq + 1))
    if fits < len(entries):
        entries = entries.first(fits)
        after = await in_slices(journal_report.chaining(journal, seq, before, seq + fits))
    report = uplink.Report(config.machine_id, seq + 1, before, [], after, health)
    sealed: bytes = await in_slices(report_writer.sealing(config.machine_key, report, entries))
    return sealed


def _least_health(device: "Device") -> dict[int, object]:
    """Where each byte has its price."""
    assert device.config is not None
    return {
        uplink.HEALTH_TRANSPORT: "sms",
        uplink.HEALTH_EPOCH: device.config.epoch,
        uplink.HEALTH_CLOCK: device.clock.now(),
    }


def _health(device: "Device") -> dict[int, object]:
    assert device.journal is not None
    assert device.config is not None
    assert device.uplink is not None
    device.clock.tick()
    health = link_report.health(device.uplink)
    health.update(
        {
            uplink.HEALTH_UPTIME_S: device.clock.uptime_ms // 1000,
            uplink.HEALTH_FIRMWARE: FIRMWARE,
            uplink.HEALTH_HEAP_FREE_BYTES: min(device.least_heap_bytes, gc.mem_free()),
            uplink.HEALTH_FLASH_FREE_BYTES: device.journal.free_bytes(),
            uplink.HEALTH_READER_REINITS: device.chip.reinits,
            uplink.HEALTH_READER_VERSION: device.chip.version,
            uplink.HEALTH_EPOCH: device.config.epoch,
            uplink.HEALTH_PENDING: device.journal.head_seq - device.journal.acked_seq,
            uplink.HEALTH_CLOCK: device.clock.now(),
        }
    )
    return health
