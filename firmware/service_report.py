"""One sealed report for a service card. Borrowed code, that borrows what reads the journal and what seals in turn."""

from borrowed import Borrowed
from protocol import grouping  # noqa: F401 (what both of them load: once)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import TypeVar

    from device import Device
    from protocol.grouping import Groups

    Result = TypeVar("Result")

ENTRIES_MAX = 96  # in one report: bounds the heap
LINK = "card"


def seal(device: "Device", seq: int, mac: bytes, max_bytes: int) -> tuple[bytes, int, bytes]:
    """(report, number of its entries, MAC of the last) of what comes after ``seq``; b"" when nothing fits."""
    assert device.journal is not None
    groups, head_mac = _gathered(device, seq, mac)
    fits = _fitting(device, groups, seq, max_bytes)
    if fits < 0 or (not fits and seq < device.journal.head_seq):
        return b"", 0, mac
    if fits < len(groups):
        groups = groups.first(fits)
        head_mac = _mac_at(device, seq, mac, seq + fits)
    return _sealed(device, (seq, mac, head_mac), groups), fits, head_mac


def _gathered(device: "Device", seq: int, mac: bytes) -> "tuple[Groups, bytes]":
    assert device.journal is not None
    with Borrowed("journal_report") as code:
        found: tuple[Groups, bytes] = _fed(device, code.gathering(device.journal, seq, mac, ENTRIES_MAX))
        return found


def _mac_at(device: "Device", seq: int, mac: bytes, last: int) -> bytes:
    with Borrowed("journal_report") as code:
        found: bytes = _fed(device, code.chaining(device.journal, seq, mac, last))
        return found


def _fitting(device: "Device", groups: "Groups", seq: int, max_bytes: int) -> int:
    """How many of the entries; -1 when there is not even room for a report without any."""
    with Borrowed("protocol.report_writer") as code:
        health = _health(device)
        if not len(groups) and code.report_bytes([], health) > max_bytes:
            return -1
        fits: int = _fed(device, code.fitting(groups, max_bytes, health, seq + 1))
        return fits


def _sealed(device: "Device", chain: tuple[int, bytes, bytes], groups: "Groups") -> bytes:
    assert device.config is not None
    seq, before, after = chain
    with Borrowed("protocol.report_writer") as code:
        report = code.Report(device.config.machine_id, seq + 1, before, [], after, _health(device))
        sealed: bytes = _fed(device, code.sealing(device.config.machine_key, report, groups))
        return sealed


def _health(device: "Device") -> dict[int, object]:
    """No clock: nobody knows how long the card is on its way."""
    from protocol import uplink  # borrowed with the writer

    assert device.config is not None
    assert device.journal is not None
    return {
        uplink.HEALTH_EPOCH: device.config.epoch,
        uplink.HEALTH_TRANSPORT: LINK,
        uplink.HEALTH_PENDING: device.journal.pending(),
    }


def _fed(device: "Device", steps: "Generator[None, None, Result]") -> "Result":
    """All of it at once, and the watchdog knows."""
    while True:
        device.feed()
        try:
            next(steps)
        except StopIteration as end:
            found: Result = end.value
            return found
