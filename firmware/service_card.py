"""A service card in the field: the machine takes what the back office wrote for it, and leaves its sealed reports.

The card is a letter box that anybody may open, so nothing depends on it: an entry stays pending until a sealed
acknowledgement has come, on whatever way. What other machines wrote is never touched; what this machine wrote and the
back office has since acknowledged makes room. Torn anywhere, the same card tapped again goes on.

Borrowed code, in steps that borrow theirs one after the other: the heap has no room for all of it at once.
"""

from borrowed import Borrowed
from errors import Refused
from media import Medium
from micropython import const
from protocol import reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device import Device

    Place = tuple[int, int]
    Report = tuple[Place, bytes]

_REPORTS_MAX = const(8)  # at one tap


class Visit:
    """What one tap of a service card did."""

    def __init__(self) -> None:
        self.pushes = 0  # messages of the back office that were for this machine
        self.reports = 0
        self.entries = 0


def exchange(device: "Device", medium: Medium) -> Visit:
    """Give and take. Raises Refused(service_full) when nothing could be left, and what the reader raises."""
    visit = Visit()
    taken, pushes, reports = _sorted_out(device, medium)
    _take_pushes(device, pushes, visit)
    seq, mac = _take_stock(device, reports, taken)
    del pushes, reports
    _leave_reports(device, medium, taken, (seq, mac), visit)
    return visit


def _sorted_out(device: "Device", medium: Medium) -> "tuple[list[Place], list[bytes], list[Report]]":
    """(places of the others' frames, pushes for this machine, its own reports)."""
    assert device.config is not None
    with Borrowed("service_store") as code:
        found: tuple[list[Place], list[bytes], list[Report]] = code.sort_out(medium, device.config.machine_id)
    device.feed()
    return found


def _take_pushes(device: "Device", pushes: list[bytes], visit: Visit) -> None:
    for message in pushes:
        with Borrowed("service_push") as code:
            ack = code.opened(device, message)
        if ack is not None:
            with Borrowed("service_push") as code:
                code.take(device, ack)
            visit.pushes += 1
        device.feed()


def _take_stock(device: "Device", reports: "list[Report]", taken: "list[Place]") -> tuple[int, bytes]:
    """Up to where the reports on the card go on from what is acknowledged; those keep their places."""
    with Borrowed("service_stock") as code:
        seq, mac, places = code.stock(device, reports)
    taken += places
    device.feed()
    return seq, mac


def _leave_reports(
    device: "Device", medium: Medium, taken: "list[Place]", begin: tuple[int, bytes], visit: Visit
) -> None:
    """As many reports as there are entries, or as the card has room for. One without entries says: I am alive."""
    assert device.journal is not None
    assert device.config is not None
    seq, mac = begin
    silent = seq == device.journal.acked_seq  # nothing of ours lies on the card
    while visit.reports < _REPORTS_MAX and (seq < device.journal.head_seq or silent):
        room_bytes = _room_bytes(medium, taken)
        with Borrowed("service_report") as code:
            sealed, count, mac = code.seal(device, seq, mac, room_bytes)
        device.feed()
        if not sealed:
            break
        with Borrowed("service_store") as code:
            code.put(medium, taken, device.config.machine_id, sealed)
        seq += count
        visit.reports += 1
        visit.entries += count
        silent = False
    if not visit.reports and (silent or seq < device.journal.head_seq):
        raise Refused(reasons.SERVICE_FULL)


def _room_bytes(medium: Medium, taken: "list[Place]") -> int:
    with Borrowed("service_store") as code:
        room_bytes: int = code.room_bytes(medium, taken)
        return room_bytes
