"""A service card's frames, read and written. Borrowed code."""

from borrowed import Borrowed
from errors import Refused
from media import Medium
from media_store import module_of
from protocol import mailbox, reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    Place = tuple[int, int]
    Report = tuple[Place, bytes]


def sort_out(medium: Medium, machine_id: int) -> "tuple[list[Place], list[bytes], list[Report]]":
    """(places of the others' frames, pushes for this machine, its own reports)."""
    with Borrowed(module_of(medium)) as code:
        content = code.open_store(medium).read()
    taken, pushes, reports = [], [], []
    for frame in mailbox.frames(content):
        if frame.machine_id != machine_id or frame.kind not in mailbox.KINDS:
            taken.append(frame.place())
        elif frame.kind == mailbox.PUSH:
            pushes.append(frame.message)
        else:
            reports.append((frame.place(), frame.message))
    return taken, pushes, reports


def room_bytes(medium: Medium, taken: "list[Place]") -> int:
    """The longest message for which there is room beside these."""
    with Borrowed(module_of(medium)) as code:
        size_bytes = code.open_store(medium).size_bytes
    return max([0] + [mailbox.room_bytes(units) for _, units in mailbox.gaps(size_bytes, taken)])


def put(medium: Medium, taken: "list[Place]", machine_id: int, message: bytes) -> None:
    """A report of this machine beside these, which it then is one of."""
    with Borrowed(module_of(medium)) as code:
        store = code.open_store(medium)
        unit = mailbox.place(store.size_bytes, taken, len(message))
        if unit is None:
            raise Refused(reasons.SERVICE_FULL)
        store.write(unit, mailbox.encode(mailbox.UP, machine_id, message))
    taken.append((unit, mailbox.units_of(len(message))))
