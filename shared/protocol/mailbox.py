"""What a service card carries between machines and the back office: sealed messages, as on every other transport.

Law: a store is a row of units. A frame begins with a unit: HEADER_FIELDS, the message, CRC-16/CCITT-FALSE of all that.
What is no frame is free. Kinds are never reused; one that the reader does not know is left where it is. A frame is
written from its last unit to its first, so a card that was taken away in between holds the frame or does not. The card
proves nothing: a frame's machine is only an address, the message is sealed.
"""

from protocol.errors import Malformed, OutOfRange, TooLong, UnknownKind
from protocol.fields import size_bytes, unpack
from protocol.hostlink import crc16

UNIT_BYTES = 16
MAX_STORE_BYTES = 896  # as hexadecimal it must fit one line of the host link
CRC_BYTES = 2

UP = 1  # a machine's sealed report
PUSH = 2  # what the back office says to a machine, sealed as a push
KINDS = (UP, PUSH)

HEADER_FIELDS = (
    ("kind", "u", 1),  # 1 report, 2 push; 0 = free
    ("machine_id", "u", 4),  # who made it, or whom it is for
    ("length", "u", 2),  # bytes of the message
)
HEADER_BYTES = size_bytes(HEADER_FIELDS)


class Frame:
    """One message, and where it lies: `unit` is its first one, `units` how many it takes."""

    def __init__(self, kind: int, machine_id: int, message: bytes, unit: int) -> None:
        self.kind = kind
        self.machine_id = machine_id
        self.message = message
        self.unit = unit
        self.units = units_of(len(message))

    def place(self) -> tuple[int, int]:
        """(first unit, units)."""
        return self.unit, self.units


def units_of(message_bytes: int) -> int:
    """Units that a message takes."""
    return (HEADER_BYTES + message_bytes + CRC_BYTES + UNIT_BYTES - 1) // UNIT_BYTES


def frames(store: bytes) -> list[Frame]:
    """The frames in a store. Whatever else is in it is passed over: never an error."""
    found = []
    units = len(store) // UNIT_BYTES
    unit = 0
    while unit < units:
        frame = _frame_at(store, unit, units * UNIT_BYTES)
        if frame is not None:
            found.append(frame)
        unit += frame.units if frame is not None else 1
    return found


def encode(kind: int, machine_id: int, message: bytes) -> bytes:
    """A frame, filled up to whole units."""
    if kind not in KINDS:
        raise UnknownKind("a frame of kind %r" % kind)
    if not 0 <= machine_id <= 0xFFFFFFFF:
        raise OutOfRange("machine_id is no 32-bit number")
    if not message:
        raise Malformed("a frame holds a message")
    if units_of(len(message)) * UNIT_BYTES > MAX_STORE_BYTES:
        raise TooLong("a message of %d bytes on a service card" % len(message))
    body = bytes([kind]) + machine_id.to_bytes(4, "big") + len(message).to_bytes(2, "big") + message
    body += crc16(body).to_bytes(CRC_BYTES, "big")
    return body + bytes(-len(body) % UNIT_BYTES)


def gaps(store_bytes: int, taken: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """(first unit, units) of what is free beside these places, in the order of the store."""
    free = []
    unit = 0
    for first, units in sorted(taken):
        if first > unit:
            free.append((unit, first - unit))
        unit = max(unit, first + units)
    if store_bytes // UNIT_BYTES > unit:
        free.append((unit, store_bytes // UNIT_BYTES - unit))
    return free


def room_bytes(units: int) -> int:
    """The longest message that so many free units in a row can hold, 0 when none."""
    return max(0, units * UNIT_BYTES - HEADER_BYTES - CRC_BYTES)


def place(store_bytes: int, taken: list[tuple[int, int]], message_bytes: int) -> int | None:
    """The unit where a message of that length goes: the smallest gap that holds it. None: the card is full."""
    wanted = units_of(message_bytes)
    best = None
    for unit, units in gaps(store_bytes, taken):
        if units >= wanted and (best is None or units < best[1]):
            best = (unit, units)
    return None if best is None else best[0]


def _frame_at(store: bytes, unit: int, store_bytes: int) -> Frame | None:
    start = unit * UNIT_BYTES
    kind, machine_id, length = unpack(HEADER_FIELDS, store[start : start + HEADER_BYTES])
    end = start + HEADER_BYTES + length
    if kind == 0 or length == 0 or end + CRC_BYTES > store_bytes:
        return None
    if crc16(store[start:end]) != int.from_bytes(store[end : end + CRC_BYTES], "big"):
        return None
    return Frame(kind, machine_id, bytes(store[start + HEADER_BYTES : end]), unit)
