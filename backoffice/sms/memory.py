"""What lies in the modem's memory: handed in when it is whole, deleted when it is stored, and never in the way.

A message leaves the memory by one of three ways: it was handed in; it never will be (parts whose others did not come,
messages longer than any report, what is not for us), and is set aside in the database as the modem showed it; or, when
room runs out, what cannot be read and the oldest half message are set aside likewise. What could not be read once is
left, and read again: most often the modem had talked in between.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from gsm import listing, pdu, timestamp
from gsm.errors import PduError

from backoffice import logs
from backoffice.errors import SmsPlatformUnreachable
from backoffice.sms.at_port import AtPort, ModemRefused
from backoffice.sms.notice import Notice
from backoffice.sms.parts import Parts, Piece, assembled
from backoffice.sms.platform import MAX_SMS_BYTES, Aside, Inbox
from backoffice.supervision import Worker

log = logs.get(__name__)

LIST_TIMEOUT_S = 20.0
READINGS_MAX = 3
"""So often a message is read before it counts as unreadable."""
ROOM_PLACES = 2
"""So many places must be free, or the network can deliver nothing (of a memory of less than ten places: one)."""
PART_KEPT_S = 86400
NOTHING_THERE = 321
"""+CMS ERROR: invalid index. Some say so of an empty memory."""
TIME_BYTES = 7
SUBMIT, STATUS_REPORT, TYPE_MASK = 1, 2, 3
UNREADABLE, HALF, TOO_LONG, FOREIGN = "unreadable", "half", "too_long", "foreign"
Mark = tuple[str, int, bytes]
Report = tuple[str, str, bool, int]
"""(the modem's number of a message, to whom, delivered, when the network took it)."""


@dataclass
class Room:
    """Of one memory. ``places`` is 0 where the modem does not say."""

    used: int = 0
    places: int = 0

    @property
    def lacking(self) -> int:
        """How many places have to become free."""
        if not self.places:
            return 0
        return max(0, self.used + min(ROOM_PLACES, max(1, self.places // 10)) - self.places)


@dataclass(frozen=True)
class Unreadable:
    """Something in a place that is no SMS for us, or not yet."""

    memory: str
    entry: listing.Entry

    @property
    def mark(self) -> Mark:
        """Which one it is, for as long as it lies there."""
        return self.memory, self.entry.place, self.entry.shown

    @property
    def is_foreign(self) -> bool:
        """Whether it is whole, and simply not for us: somebody's draft, or what he sent."""
        return self.entry.pdu is not None and kind_of(self.entry.pdu) == SUBMIT


@dataclass
class Found:
    """What one look at all memories showed."""

    pieces: list[Piece] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)


class Memory:
    """The memories of one modem, looked at again and again."""

    def __init__(self, port: AtPort, names: Sequence[str], inbox: Inbox, worker: Worker) -> None:
        self._port = port
        self._names = names
        self._inbox = inbox
        self._worker = worker
        self._selected: str | None = None
        self._rooms: dict[str, Room] = {}
        self._first_seen: dict[Mark, float] = {}
        """Parts that wait for others, and since when: by our clock, the network's may be wrong."""
        self._readings: dict[Mark, int] = {}
        """How often what cannot be read was read."""
        self._notice = Notice(UNREADABLE)

    def sweep(self, *, full: bool) -> list[Report]:
        """Hand in everything that is whole, and delete what is stored; the delivery reports that lay there. ``full``:
        the modem says that it has no room, whatever it counts."""
        found = self._look()
        self._note(found)
        stays: list[Parts] = []
        for whole, parts in assembled(found.pieces):
            failures = self._worker.failures
            with self._worker.one(SmsPlatformUnreachable):
                self._deal_with(parts, stays, whole=whole)
            if self._worker.failures > failures:
                stays.append(parts)  # for a reason that nobody foresaw; it is tried again, as long as there is room
        self._make_room(stays, found.unreadable, full=full)
        self._tell()
        return found.reports

    def _deal_with(self, parts: Parts, stays: list[Parts], *, whole: bool) -> None:
        if whole:
            self._hand_in(parts)
        elif parts.parts > pdu.MAX_PARTS:
            self._set_aside(TOO_LONG, parts)
        elif self._age_s(parts) > PART_KEPT_S:
            self._set_aside(HALF, parts)
        else:
            stays.append(parts)

    # Looking.

    def _look(self) -> Found:
        found = Found()
        for name in self._names:
            self._select(name)
            for entry in self._listed():
                self._sort(name, entry, found)
        return found

    def _select(self, name: str) -> None:
        """AT+CPMS answers how many places are taken, of how many: ``3,20,3,20,3,20``."""
        room = self._rooms[name] = Room()
        self._selected = name
        if not name:
            return
        answer = self._port.ask(f'AT+CPMS="{name}"')
        if answer is None:
            answer = self._port.ask(f'AT+CPMS="{name}","{name}","{name}"')
        counted = [listing.number(part.encode()) for part in (answer or "").split(",")[:2]]
        if len(counted) == 2 and counted[1] > 0:
            room.used, room.places = counted

    def _listed(self) -> list[listing.Entry]:
        try:
            return listing.entries(self._port.command("AT+CMGL=4", LIST_TIMEOUT_S))
        except ModemRefused as error:
            if error.number == NOTHING_THERE:
                return []
            raise

    def _sort(self, memory: str, entry: listing.Entry, found: Found) -> None:
        try:
            if entry.pdu is None:
                raise PduError("cut_short")
            if kind_of(entry.pdu) == STATUS_REPORT:
                found.reports += as_report(entry.pdu)
                self._delete(memory, entry.place)
                return
            found.pieces.append(Piece(memory, entry.place, entry.shown, pdu.decode_deliver(entry.pdu)))
        except PduError as error:
            found.unreadable.append(Unreadable(memory, entry))
            log.warning("sms_unreadable", memory=memory, place=entry.place, part=error.code)

    def _note(self, found: Found) -> None:
        now_s = time.monotonic()
        self._first_seen = {piece.mark: self._first_seen.get(piece.mark, now_s) for piece in found.pieces}
        self._readings = {
            what.mark: self._readings.get(what.mark, 0) + 1 for what in found.unreadable if not what.is_foreign
        }

    def _age_s(self, parts: Parts) -> float:
        """Since its newest part came."""
        return time.monotonic() - max(self._first_seen[piece.mark] for piece in parts.pieces)

    # What leaves the memory.

    def _hand_in(self, parts: Parts) -> None:
        data = parts.data
        if not 0 < len(data) <= MAX_SMS_BYTES:
            self._set_aside(TOO_LONG if data else FOREIGN, parts)
            return
        number = hashlib.sha256(f"{parts.sender}/{parts.sent_at}/".encode() + data).hexdigest()[:32]
        if self._inbox.take(number, parts.sender, data):
            for piece in parts.pieces:
                self._delete(piece.memory, piece.place)

    def _set_aside(self, reason: str, parts: Parts) -> None:
        for piece in parts.pieces:
            self._put_away(reason, parts.sender, piece.memory, piece.place, piece.shown)

    def _set_aside_unread(self, what: Unreadable) -> None:
        reason = FOREIGN if what.is_foreign else UNREADABLE
        self._put_away(reason, "", what.memory, what.entry.place, what.entry.shown)

    def _put_away(self, reason: str, sender: str, memory: str, place: int, shown: bytes) -> None:
        """Deleted if it is stored, and not otherwise."""
        if self._inbox.set_aside(Aside(reason, sender, f"{memory} {place}", shown.decode("latin-1"))):
            log.warning("sms_set_aside", reason=reason, memory=memory, place=place)
            self._delete(memory, place)

    def _delete(self, memory: str, place: int) -> None:
        if memory and self._selected != memory:
            self._select_again(memory)
        try:
            self._port.command(f"AT+CMGD={place}")
        except ModemRefused as error:
            log.warning("sms_not_deleted", memory=memory, place=place, reason=str(error))
            return
        self._rooms[memory].used -= 1

    def _select_again(self, memory: str) -> None:
        if not self._port.takes(f'AT+CPMS="{memory}"'):
            self._port.takes(f'AT+CPMS="{memory}","{memory}","{memory}"')
        self._selected = memory

    def _make_room(self, waiting: list[Parts], unreadable: list[Unreadable], *, full: bool) -> None:
        """The oldest half message goes first, then what was read often enough, then what is not for us."""
        waiting.sort(key=lambda parts: (-self._age_s(parts), parts.sent_at))
        for memory, room in self._rooms.items():
            given_up = [what for what in unreadable if what.memory == memory and self._is_given_up(what)]
            given_up.sort(key=lambda what: what.is_foreign)
            lacks = room.lacking > 0 or (full and not room.places)
            while lacks and self._drop_one(memory, waiting, given_up):
                lacks = room.lacking > 0

    def _drop_one(self, memory: str, waiting: list[Parts], given_up: list[Unreadable]) -> bool:
        """False when there is nothing that may go."""
        parts = next((parts for parts in waiting if parts.lies_in(memory)), None)
        if parts is not None:
            waiting.remove(parts)
            self._set_aside(HALF, parts)
        elif given_up:
            self._set_aside_unread(given_up.pop(0))
        else:
            return False
        return True

    def _is_given_up(self, what: Unreadable) -> bool:
        return what.is_foreign or self._readings[what.mark] >= READINGS_MAX

    def _tell(self) -> None:
        """People hear of what stays unreadable, and that it is gone."""
        stays = [mark for mark, readings in self._readings.items() if readings >= READINGS_MAX]
        self._notice.say(self._inbox, _where(stays) if stays else "")


def _where(stays: list[Mark]) -> str:
    memory, place, _shown = stays[0]
    return f"{len(stays)} on the SIM, one at place {place} of {memory or 'the memory'}."


def kind_of(octets: bytes) -> int:
    """TP-MTI (TS 23.040 9.2.3.1), behind the service centre's address."""
    return octets[1 + octets[0]] & TYPE_MASK if octets and len(octets) > 1 + octets[0] else 0


def as_report(octets: bytes) -> list[Report]:
    """What a delivery report says in the end; nothing if the centre goes on trying. Raises PduError."""
    report = pdu.decode_status_report(octets)
    if report.temporary:
        return []
    submitted_at = timestamp.from_semi_octets(report.times[:TIME_BYTES])
    return [(str(report.reference), report.number, report.delivered, submitted_at)]
