"""A machine's sealed report, opened (law: uplink.py). A machine never does that."""

from protocol import cose, entries_reader, keys
from protocol.errors import BadTag, Malformed
from protocol.journal import MAC_BYTES, chain_mac
from protocol.mac import equal
from protocol.uplink import REPORT_MEMBERS, Report, check_report, members


def decode_report(payload: bytes, machine_id: int = 0) -> Report:
    """The machine's number is not in the payload: it is the envelope's key id."""
    values = members(payload, REPORT_MEMBERS, len(REPORT_MEMBERS) - 1)
    first_seq, macs, stream, health = values["first_seq"], values["macs"], values["entries"], values.get("health", {})
    check_report(first_seq, macs, health)
    if not isinstance(stream, bytes):
        raise Malformed("the entries are no bytes")
    found = entries_reader.decode(stream, first_seq)
    return Report(machine_id, first_seq, macs[:MAC_BYTES], found, macs[MAC_BYTES:], health)


def machine_of(message: bytes) -> int:
    """Whose report this claims to be. Opening it with that machine's key proves it."""
    key_id, _ = cose.header(message)
    if len(key_id) != 4:
        raise Malformed("a machine's key id has 4 bytes")
    return int.from_bytes(key_id, "big")


def open_report(machine_key: bytes, message: bytes) -> Report:
    machine_id = machine_of(message)
    return decode_report(cose.open_(keys.uplink_key(machine_key), message), machine_id)


def chain_macs(journal_key: bytes, report: Report) -> list[bytes]:
    """The MAC after each entry. BadTag when the last is not the one that was reported."""
    macs = []
    mac = report.previous_mac
    for entry in report.entries:
        mac = chain_mac(journal_key, mac, entry.encode())
        macs.append(mac)
    if not equal(mac, report.head_mac):
        raise BadTag("the journal's chain does not end in the reported MAC")
    return macs
