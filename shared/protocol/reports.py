"""What a machine's report holds (law: uplink.py), for those who read it and for tests. No machine loads this."""

from protocol.errors import Malformed
from protocol.health import MAX_HEALTH_ITEMS
from protocol.journal import MAC_BYTES, Entry
from protocol.uplink import check_u32

REPORT_MEMBERS = (
    "version",  # number: 1
    "first_seq",  # number: seq of the first entry; without entries, of the next one
    "macs",  # 16 bytes: the journal's chain MAC before the first entry, then the one after the last
    "entries",  # bytes: the entries as a stream of bits
    "health",  # map of health numbers to values; left out when empty
)


class Report:
    def __init__(
        self,
        machine_id: int,
        first_seq: int,
        previous_mac: bytes,
        entries: list[Entry],
        head_mac: bytes,
        health: dict[int, object] | None = None,
    ) -> None:
        self.machine_id = machine_id
        self.first_seq = first_seq
        self.previous_mac = previous_mac
        self.entries = entries
        self.head_mac = head_mac
        self.health = health or {}


def check_report(first_seq: object, macs: object, health: object) -> None:
    check_u32(first_seq, "first_seq")
    if not isinstance(macs, bytes) or len(macs) != 2 * MAC_BYTES:
        raise Malformed("macs must be 16 bytes")
    if not isinstance(health, dict) or len(health) > MAX_HEALTH_ITEMS:
        raise Malformed("health must be a map of at most %d values" % MAX_HEALTH_ITEMS)
    for key, value in health.items():
        check_u32(key, "a health number")
        if not isinstance(value, (int, str, bytes)):
            raise Malformed("a health value is a number, a text or bytes")


def machine_bytes(machine_id: int) -> bytes:
    check_u32(machine_id, "machine_id")
    return machine_id.to_bytes(4, "big")
