"""One sealed report for a service card. Borrowed code, that borrows what each step needs in turn, as report.py does."""

from borrowed import Borrowed

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
    health = _health(device)
    stream, count, head_mac = _encoded(device, seq, mac, (max_bytes, len(health)))
    if count < 0 or (not count and seq < device.journal.head_seq):
        return b"", 0, mac
    if not head_mac:
        head_mac = _mac_at(device, seq, mac, seq + count)
    return _sealed(device, (seq, mac + head_mac), stream, health), count, head_mac


def _encoded(device: "Device", seq: int, mac: bytes, limits: tuple[int, int]) -> tuple[bytes, int, bytes]:
    """(stream of bits, how many entries it holds, MAC of the last unless some did not fit).

    -1 entries when there is not even room for a report without any."""
    max_bytes, health_bytes = limits
    with Borrowed("protocol.grouping") as code:  # what both steps have in common
        groups = code.Groups()
        head_mac = _gathered(device, groups, (seq, mac))
        with Borrowed("protocol.report_entries") as code:
            if not len(groups) and code.report_bytes(seq + 1, 0, health_bytes) > max_bytes:
                return b"", -1, head_mac
            fits: int = _fed(device, code.fitting(groups, max_bytes, health_bytes, seq + 1))
            if fits < len(groups):
                groups, head_mac = groups.first(fits), b""
            stream: bytes = _fed(device, code.encoding(groups))
            return stream, fits, head_mac


def _gathered(device: "Device", groups: "Groups", after: tuple[int, bytes]) -> bytes:
    assert device.journal is not None
    with Borrowed("journal_report") as code:
        mac: bytes = _fed(device, code.gathering(device.journal, groups, after, ENTRIES_MAX))
        return mac


def _mac_at(device: "Device", seq: int, mac: bytes, last: int) -> bytes:
    with Borrowed("journal_report") as code:
        found: bytes = _fed(device, code.chaining(device.journal, seq, mac, last))
        return found


def _sealed(device: "Device", begin: tuple[int, bytes], stream: bytes, health: bytes) -> bytes:
    """``begin``: seq of the entry before the first, and the two MACs."""
    assert device.config is not None
    seq, macs = begin
    with Borrowed("protocol.report_seal") as code:
        sealed: bytes = code.sealed_report(
            device.config.machine_key, device.config.machine_id, seq + 1, macs, stream, health
        )
        return sealed


def _health(device: "Device") -> bytes:
    """No clock: nobody knows how long the card is on its way."""
    assert device.config is not None
    assert device.journal is not None
    with Borrowed("protocol.health") as numbers:
        facts = {
            numbers.HEALTH_EPOCH: device.config.epoch,
            numbers.HEALTH_TRANSPORT: LINK,
            numbers.HEALTH_PENDING: device.journal.pending(),
        }
    with Borrowed("protocol.cbor") as cbor:
        encoded: bytes = cbor.encode(facts)
        return encoded


def _fed(device: "Device", steps: "Generator[None, None, Result]") -> "Result":
    """All of it at once, and the watchdog knows."""
    while True:
        device.feed()
        try:
            next(steps)
        except StopIteration as end:
            found: Result = end.value
            return found
