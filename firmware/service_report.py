"""One sealed report for a service card. Borrowed code."""

import journal_report
from protocol import report_writer, uplink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device import Device

ENTRIES_MAX = 24  # bounds the heap
LINK = "card"


def seal(device: "Device", seq: int, mac: bytes, max_bytes: int) -> tuple[bytes, int, bytes]:
    """(report, number of its entries, MAC of the last) of what comes after ``seq``; b"" when nothing fits."""
    config, journal = device.config, device.journal
    assert config is not None
    assert journal is not None
    # No clock: nobody knows how long the card is on its way.
    health: dict[int, object] = {
        uplink.HEALTH_EPOCH: config.epoch,
        uplink.HEALTH_TRANSPORT: LINK,
        uplink.HEALTH_PENDING: journal.pending(),
    }
    entries, head_mac = journal_report.following(journal, seq, mac, ENTRIES_MAX)
    fits = report_writer.entries_that_fit(entries, max_bytes, health)
    if fits < len(entries):
        entries, head_mac = journal_report.following(journal, seq, mac, fits)
    if not entries and (seq < journal.head_seq or report_writer.report_bytes([], health) > max_bytes):
        return b"", 0, mac
    report = uplink.Report(config.machine_id, seq + 1, mac, entries, head_mac, health)
    return report_writer.seal_report(config.machine_key, report), fits, head_mac
