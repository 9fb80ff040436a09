"""A machine's sealed report, made (law: uplink.py), at once or in slices (slices.py)."""

from protocol import cbor, cose, entries, keys
from protocol.errors import Malformed
from protocol.grouping import Groups
from protocol.journal import MAC_BYTES, Entry
from protocol.mac import hmac_sha256
from protocol.slices import finished
from protocol.uplink import REPORT_MEMBERS, VERSION, Report, check_report, machine_bytes, sealed_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    Health = dict[int, object]

NO_SEQ = 0xFFFFFFFF  # the largest first_seq: what fits with it fits wherever the journal stands


def encode_report(report: Report) -> bytes:
    for index, entry in enumerate(report.entries):
        if entry.seq != report.first_seq + index:
            raise Malformed("entry %r is not the report's next one" % entry.seq)
    return _payload(report, entries.encode(report.entries))


def seal_report(machine_key: bytes, report: Report) -> bytes:
    return _sealed(machine_key, report.machine_id, encode_report(report))


def sealing(machine_key: bytes, report: Report, found: Groups) -> "Generator[None, None, bytes]":
    """The sealed report, of these entries instead of its own."""
    stream = yield from entries.encoding(found)
    payload = _payload(report, stream)
    yield
    return _sealed(machine_key, report.machine_id, payload)


def entries_that_fit(found: list[Entry], max_bytes: int, health: "Health | None" = None) -> int:
    """How many of the entries, from the first on, go into one sealed report of that size."""
    first_seq = found[0].seq if found else NO_SEQ
    return finished(fitting(entries.gathered(found[: entries.MAX_ENTRIES]), max_bytes, health, first_seq))


def fitting(
    found: Groups, max_bytes: int, health: "Health | None" = None, first_seq: int = NO_SEQ
) -> "Generator[None, None, int]":
    """The same in slices."""
    most = len(found)
    whole_bytes = yield from _measuring(found, health, first_seq)
    if not most or whole_bytes <= max_bytes:
        return most
    fits, too_many = 0, most + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        middle_bytes = yield from _measuring(found.first(middle), health, first_seq)
        if middle_bytes <= max_bytes:
            fits = middle
        else:
            too_many = middle
    # A whole exam is smaller than its first entries: look past the first size that is too large.
    for count in range(min(fits + 3, most), fits, -1):
        size_bytes = yield from _measuring(found.first(count), health, first_seq)
        if size_bytes <= max_bytes:
            return count
    return fits


def report_bytes(found: list[Entry], health: "Health | None") -> int:
    """Size of a report of these entries, sealed; without entries, at most."""
    return finished(_measuring(entries.gathered(found), health, found[0].seq if found else NO_SEQ))


def _measuring(found: Groups, health: "Health | None", first_seq: int) -> "Generator[None, None, int]":
    stream = yield from entries.encoding(found)
    return sealed_bytes(len(_payload(Report(0, first_seq, bytes(MAC_BYTES), [], bytes(MAC_BYTES), health), stream)))


def _payload(report: Report, stream: bytes) -> bytes:
    macs = report.previous_mac + report.head_mac
    check_report(report.first_seq, macs, report.health)
    values = {"version": VERSION, "first_seq": report.first_seq, "macs": macs, "entries": stream}
    if report.health:
        values["health"] = report.health
    return cbor.encode([values[name] for name in REPORT_MEMBERS if name in values])


def _sealed(machine_key: bytes, machine_id: int, payload: bytes) -> bytes:
    # A nonce made of the payload: it can only repeat for the same payload, even if the flash is set back.
    iv = hmac_sha256(keys.nonce_key(machine_key), payload)[: cose.IV_BYTES]
    return cose.seal(keys.uplink_key(machine_key), machine_bytes(machine_id), iv, payload)
