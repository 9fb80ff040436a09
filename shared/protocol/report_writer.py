"""A machine's sealed report, made (law: uplink.py)."""

from protocol import cbor, cose, entries, keys
from protocol.errors import Malformed
from protocol.journal import MAC_BYTES, Entry
from protocol.mac import hmac_sha256
from protocol.uplink import REPORT_MEMBERS, VERSION, Report, check_report, machine_bytes, sealed_bytes


def encode_report(report: Report) -> bytes:
    for index, entry in enumerate(report.entries):
        if entry.seq != report.first_seq + index:
            raise Malformed("entry %r is not the report's next one" % entry.seq)
    macs = report.previous_mac + report.head_mac
    check_report(report.first_seq, macs, report.health)
    stream = entries.encode(report.entries)
    values = {"version": VERSION, "first_seq": report.first_seq, "macs": macs, "entries": stream}
    if report.health:
        values["health"] = report.health
    return cbor.encode([values[name] for name in REPORT_MEMBERS if name in values])


def seal_report(machine_key: bytes, report: Report) -> bytes:
    payload = encode_report(report)
    # A nonce made of the payload: it can only repeat for the same payload, even if the flash is set back.
    iv = hmac_sha256(keys.nonce_key(machine_key), payload)[: cose.IV_BYTES]
    return cose.seal(keys.uplink_key(machine_key), machine_bytes(report.machine_id), iv, payload)


def entries_that_fit(found: list[Entry], max_bytes: int, health: dict[int, object] | None = None) -> int:
    """How many of the entries, from the first on, go into one sealed report of that size."""
    if not found:
        return 0
    most = min(len(found), entries.MAX_ENTRIES)
    fits, too_many = 0, most + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if report_bytes(found[:middle], health) <= max_bytes:
            fits = middle
        else:
            too_many = middle
    # A whole exam is smaller than its first entries: look past the first size that is too large.
    for count in range(min(fits + 3, most), fits, -1):
        if report_bytes(found[:count], health) <= max_bytes:
            return count
    return fits


def report_bytes(found: list[Entry], health: dict[int, object] | None) -> int:
    """Size of a report of these entries, sealed; without entries, at most."""
    first_seq = found[0].seq if found else 0xFFFFFFFF
    report = Report(0, first_seq, bytes(MAC_BYTES), found, bytes(MAC_BYTES), health)
    return sealed_bytes(len(encode_report(report)))
