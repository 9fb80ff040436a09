"""A machine's sealed report, made at once (law: uplink.py). A machine takes the steps of it one by one, with the code
of each in memory only as long as that: report_payload.py.
"""

from protocol import cbor, entries, report_entries
from protocol.errors import Malformed
from protocol.journal import Entry
from protocol.report_payload import payload
from protocol.report_seal import sealed
from protocol.reports import Report, check_report, machine_bytes
from protocol.slices import finished

TYPE_CHECKING = False
if TYPE_CHECKING:
    Health = dict[int, object]

NO_SEQ = 0xFFFFFFFF  # the largest first_seq: what fits with it fits wherever the journal stands


def encode_report(report: Report) -> bytes:
    for index, entry in enumerate(report.entries):
        if entry.seq != report.first_seq + index:
            raise Malformed("entry %r is not the report's next one" % entry.seq)
    macs = report.previous_mac + report.head_mac
    check_report(report.first_seq, macs, report.health)
    return payload(report.first_seq, macs, entries.encode(report.entries), _health(report.health))


def seal_report(machine_key: bytes, report: Report) -> bytes:
    content = encode_report(report)
    machine_bytes(report.machine_id)
    return sealed(machine_key, report.machine_id, content)


def entries_that_fit(found: list[Entry], max_bytes: int, health: "Health | None" = None) -> int:
    """How many of the entries, from the first on, go into one sealed report of that size."""
    first_seq = found[0].seq if found else NO_SEQ
    groups = entries.gathered(found[: entries.MAX_ENTRIES])
    return finished(report_entries.fitting(groups, max_bytes, len(_health(health)), first_seq))


def report_bytes(found: list[Entry], health: "Health | None") -> int:
    """Size of a report of these entries, sealed; without entries, at most."""
    first_seq = found[0].seq if found else NO_SEQ
    return finished(report_entries.measuring(entries.gathered(found), len(_health(health)), first_seq))


def _health(health: "Health | None") -> bytes:
    return cbor.encode(health) if health else b""
