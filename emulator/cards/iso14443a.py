"""ISO/IEC 14443-3 type A as a card lives it: wake up, be told apart from the others, be selected, sleep.

States and transitions are those of ISO/IEC 14443-3 6.4; "starred" states remember that the card came out of HALT and
falls back there instead of into IDLE. What a selected card does is its subclass's business (`_active`).
"""

from __future__ import annotations

from enum import Enum

from emulator.air import Frame, Reply

REQA = 0x26
WUPA = 0x52
CASCADE_TAG = 0x88
SELECT_CODES = (0x93, 0x95, 0x97)
NVB_SELECT = 0x70
SAK_CASCADE = 0x04  # "the UID goes on at the next level"
HALT_COMMAND = b"\x50\x00"
ATQA_UID_SIZE = {4: 0x00, 7: 0x40, 10: 0x80}


class State(Enum):
    IDLE = "idle"
    READY = "ready"
    ACTIVE = "active"
    HALT = "halt"


def crc_a(data: bytes) -> bytes:
    """ISO/IEC 14443-3 Annex B, as transmitted (least significant byte first)."""
    crc = 0x6363
    for value in data:
        value ^= crc & 0xFF
        value = (value ^ value << 4) & 0xFF
        crc = crc >> 8 ^ value << 8 ^ value << 3 ^ value >> 4
    return crc.to_bytes(2, "little")


def with_crc(data: bytes) -> bytes:
    return data + crc_a(data)


def crc_ok(data: bytes) -> bool:
    return len(data) > 2 and crc_a(data[:-2]) == data[-2:]


def cascade_levels(uid: bytes) -> list[bytes]:
    """The 5 bytes (4 and their check byte) that a card with this UID offers at each cascade level."""
    if len(uid) not in ATQA_UID_SIZE:
        raise ValueError("a UID has 4, 7 or 10 bytes")
    levels = []
    while len(uid) > 4:
        levels.append(bytes([CASCADE_TAG]) + uid[:3])
        uid = uid[3:]
    levels.append(uid)
    return [level + bytes([level[0] ^ level[1] ^ level[2] ^ level[3]]) for level in levels]


class TypeACard:
    """A card up to the point where it is selected."""

    def __init__(self, uid: bytes, atqa: bytes, sak: int) -> None:
        self.uid = bytes(uid)
        self.atqa = atqa
        self.sak = sak
        self.state = State.IDLE
        self._from_halt = False
        self._level = 0
        self._levels = cascade_levels(self.uid)

    def receive(self, frame: Frame) -> Reply | None:
        if frame.bits == 7:
            return self._short_frame(frame.data[0])
        if self.state is State.READY:
            return self._anticollision(frame)
        if self.state is State.ACTIVE:
            return self._active(frame)
        return None

    def write_done(self) -> None:
        """A plain type A card writes nothing."""

    def power_off(self, write_progress: float = 0.0) -> None:  # noqa: ARG002 - for cards that write
        self.state = State.IDLE
        self._from_halt = False
        self._forget()

    def _active(self, frame: Frame) -> Reply | None:
        """A frame reached the selected card. Subclasses answer their commands and pass the rest on to here."""
        if frame.data == with_crc(HALT_COMMAND):
            self._halt()
        else:
            self._back_to_sleep()
        return None

    def _forget(self) -> None:
        """The card is no longer selected: subclasses drop what belongs to the selection."""

    def _short_frame(self, command: int) -> Reply | None:
        wakes = command == WUPA or (command == REQA and self.state is State.IDLE)
        if self.state in (State.IDLE, State.HALT) and wakes:
            self._from_halt = self.state is State.HALT
            self.state = State.READY
            self._level = 0
            return Reply(Frame(self.atqa))
        if self.state in (State.READY, State.ACTIVE):
            self._back_to_sleep()
        return None

    def _back_to_sleep(self) -> None:
        """Anything unexpected: IDLE, or HALT for a card that was woken out of it (ISO/IEC 14443-3 6.4.1)."""
        self.state = State.HALT if self._from_halt else State.IDLE
        self._forget()

    def _halt(self) -> None:
        self.state = State.HALT
        self._forget()

    def _anticollision(self, frame: Frame) -> Reply | None:
        data = frame.data
        if len(data) < 2 or data[0] != SELECT_CODES[self._level]:
            self._back_to_sleep()
            return None
        if data[1] == NVB_SELECT:
            return self._select(frame)
        known_bits = (data[1] >> 4) * 8 + (data[1] & 7) - 16
        if not 0 <= known_bits < 40 or frame.bits != known_bits + 16:
            self._back_to_sleep()
            return None
        return self._offer(int.from_bytes(data[2:], "little"), known_bits)

    def _offer(self, known: int, known_bits: int) -> Reply | None:
        """Send the rest of this level's bits if those before it match; otherwise keep still and wait."""
        mine = int.from_bytes(self._levels[self._level], "little")
        if (mine ^ known) & (1 << known_bits) - 1:
            return None
        bits = 40 - known_bits
        return Reply(Frame((mine >> known_bits).to_bytes(bits + 7 >> 3, "little"), bits))

    def _select(self, frame: Frame) -> Reply | None:
        data = frame.data
        if frame.bits != 72 or not crc_ok(data) or data[2:7] != self._levels[self._level]:
            self._back_to_sleep()
            return None
        self._level += 1
        if self._level < len(self._levels):
            return Reply(Frame(with_crc(bytes([SAK_CASCADE]))))
        self.state = State.ACTIVE
        return Reply(Frame(with_crc(bytes([self.sak]))))
