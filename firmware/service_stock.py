"""What of this machine's journal lies on a service card already. Borrowed code."""

import journal_report
from protocol import cbor, cose, keys
from protocol.errors import ProtocolError
from protocol.journal import MAC_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from device import Device

    Place = tuple[int, int]
    Report = tuple[Place, bytes]


def stock(device: "Device", reports: "list[Report]") -> "tuple[int, bytes, list[Place]]":
    """(seq, MAC there, places): how far these reports go on from what is acknowledged, and where those that do lie.

    The others are done with, or of another life of this machine: their room is free."""
    config, journal = device.config, device.journal
    assert config is not None
    assert journal is not None
    seq, mac = journal.acked_seq, journal.acked_mac
    key = keys.uplink_key(config.machine_key) if reports else b""
    found = []
    for place, message in reports:
        try:
            first, last_mac = _ends(cose.open_(key, message))
        except ProtocolError:
            continue
        found.append((first, place, last_mac))
    places = []
    for first, place, last_mac in sorted(found):
        last = journal_report.seq_of(journal, last_mac, seq, mac) if first <= seq + 1 else 0
        if last:
            seq, mac = last, last_mac
            places.append(place)
    return seq, mac, places


def _ends(payload: bytes) -> tuple[int, bytes]:
    """(first seq, MAC of the last entry) of a report of ours."""
    members: Any = cbor.decode(payload)
    return members[1], members[2][MAC_BYTES:]
