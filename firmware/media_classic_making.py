"""Make a MIFARE Classic 1K one of ours, and blank again (layout: protocol.classic).

Making a card is a journal of small steps that the card itself keeps: block 6 says "unfinished" from the first step to
the last, every step looks at what is there before it writes, and everything is read back. Torn anywhere, the same
call again goes on where it stopped. A torn write may leave bits that read differently each time, so what was being
written when the card left is written again even if it looks right.

The one thing that nothing can save: a card torn *inside* the write of a sector trailer (4 to 10 ms) may end with
access bits that contradict each other, and the chip then locks that sector for ever (NXP MF1S50YYX 8.7.1). Such a card
is reported as damaged.
"""

from errors import Refused
from media import KINDS, Outcome
from media_classic import header_of, is_unfinished, name_of, put
from mfrc522.errors import WrongKey
from picc.classic import KEY_A, KEY_B, Classic
from protocol import classic as layout
from protocol import classic_making as making
from protocol import reasons, records
from protocol.errors import Malformed, ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from media import Progress

_ONE_TIME_BYTES = 32  # at most


class Maker:
    """One card, and the key that will write on it (key B of all its sectors that are ours)."""

    def __init__(self, card: Classic, write_key: bytes) -> None:
        self._card = card
        self._write_key = write_key
        self._factory = True  # what the sector opened last had for keys
        self._header = b""
        self._state = b""

    def personalise(self, kind: str, record: bytes, read_key: bytes, progress: "Progress") -> Outcome:
        """See media.Medium."""
        plan = _Plan(KINDS[kind], record)
        self._card.writes = self._card.retries = 0
        self._begin(plan, read_key)
        if self._finished(plan, read_key):
            self._open(1)
            put(self._card, layout.COMMIT_BLOCK, layout.FRESH)  # torn at its very end, this block could still be weak
            return self._outcome()
        steps = len(plan.sectors) + 2
        torn_in = self._last_secured(plan) if is_unfinished(self._state) else 0
        self._mark_unfinished()
        progress(1, steps)
        for index, sector in enumerate(plan.sectors):
            self._fill(plan, sector)
            self._secure(plan.kind, sector, read_key, rewrite=sector == torn_in)
            progress(index + 2, steps)
        self._commit(plan)
        progress(steps, steps)
        return self._outcome()

    def erase(self, kind: str) -> None:
        """See media.Medium."""
        number = KINDS[kind]
        self._open(1)
        self._read_first_sector()
        if not is_unfinished(self._state):
            if name_of(self._header) != kind:
                raise Refused(reasons.WRONG_CARD, detail="not a card of kind " + kind)
            if self._state != layout.FRESH:
                raise Refused(reasons.USED, detail="the card was burnt")
        resumed = is_unfinished(self._state)
        length = _length_or_longest(number, self._header)
        self._mark_unfinished()
        put(self._card, layout.FIRST_BLOCK, layout.FRESH)
        for sector in _sectors(number, length):
            self._clear(sector, resumed)
        self._card.authenticate(layout.FIRST_BLOCK, layout.FACTORY_KEY, KEY_A)
        put(self._card, layout.COMMIT_BLOCK, layout.FRESH)

    # Steps of personalising

    def _begin(self, plan: "_Plan", read_key: bytes) -> None:
        """Open sector 1 and see that nothing else would be overwritten."""
        if len(read_key) != 6 or len(self._write_key) != 6:
            raise Refused(reasons.DAMAGED, detail="a MIFARE Classic key has 6 bytes")
        factory = self._open(1)
        self._read_first_sector()
        untouched = factory and self._header == layout.FRESH and self._state == layout.FRESH
        if not (untouched or is_unfinished(self._state) or self._header == plan.header):
            raise Refused(reasons.WRONG_CARD, detail="something else is written on this card")

    def _finished(self, plan: "_Plan", read_key: bytes) -> bool:
        """A card that was finished before: check its record, touch nothing, least of all its state."""
        if self._header != plan.header or is_unfinished(self._state):
            return False
        if self._state != layout.FRESH:
            raise Refused(reasons.USED, detail="the card was burnt")
        for block, data in plan.data:
            if block in plan.state:
                continue
            self._card.authenticate(block, layout.read_key_of(layout.sector_of(block), read_key), KEY_A)
            if self._card.read(block) != data:
                raise Refused(reasons.DAMAGED, detail="block %d" % block)
        return True

    def _last_secured(self, plan: "_Plan") -> int:
        """The sector whose trailer was written last: if the card was torn in that, some of its bits may be weak."""
        for sector in reversed(plan.sectors):
            if not self._open(sector):
                return sector
        return 0

    def _mark_unfinished(self) -> None:
        if self._state != layout.UNFINISHED:
            self._open(1)
            put(self._card, layout.COMMIT_BLOCK, layout.UNFINISHED)
            self._state = layout.UNFINISHED

    def _fill(self, plan: "_Plan", sector: int) -> None:
        """The sector's data. What a torn write left may read right by chance, so an open sector is always written."""
        factory = self._open(sector)
        for block, data in plan.data:
            if layout.sector_of(block) == sector and (factory or self._card.read(block) != data):
                put(self._card, block, data)

    def _secure(self, number: int, sector: int, read_key: bytes, rewrite: bool) -> None:
        """Keys and access bits of a filled sector: written only from a known state, and proven afterwards."""
        trailer = layout.trailer_of(sector)
        wanted = making.trailer(number, sector, read_key, self._write_key)
        factory = self._open(sector)
        if self._access(trailer) != (making.FACTORY_ACCESS if factory else making.access_of(number, sector)):
            raise Refused(reasons.DAMAGED, detail="unexpected access bits in sector %d" % sector)
        if factory or rewrite or not self._accepts(trailer, wanted[:6], KEY_A):
            self._open(sector)
            self._write_trailer(trailer, wanted)
        self._prove(trailer, wanted[:6], KEY_A, number, sector)
        self._prove(trailer, self._write_key, KEY_B, number, sector)

    def _prove(self, trailer: int, key: bytes, key_type: int, number: int, sector: int) -> None:
        self._card.log_out()
        if not self._accepts(trailer, key, key_type) or self._access(trailer) != making.access_of(number, sector):
            raise Refused(reasons.DAMAGED, detail="trailer of sector %d" % sector)

    def _commit(self, plan: "_Plan") -> None:
        """The header makes it a card of ours, the last block says that nothing is missing."""
        self._card.authenticate(layout.FIRST_BLOCK, self._write_key, KEY_B)
        put(self._card, layout.FIRST_BLOCK, plan.header)
        self._header = plan.header
        put(self._card, layout.COMMIT_BLOCK, layout.FRESH)
        self._state = layout.FRESH

    def _clear(self, sector: int, resumed: bool) -> None:
        """Data first, then the factory trailer; block 6 keeps the sign of an unfinished card until the very end."""
        factory = self._open(sector)
        trailer = layout.trailer_of(sector)
        for block in range(trailer - 3, trailer):
            if block != layout.COMMIT_BLOCK and self._card.read(block) != layout.FRESH:
                put(self._card, block, layout.FRESH)
        if factory and not resumed:
            return
        self._write_trailer(trailer, making.factory_trailer())
        self._card.log_out()
        if not self._accepts(trailer, layout.FACTORY_KEY, KEY_A) or self._access(trailer) != making.FACTORY_ACCESS:
            raise Refused(reasons.DAMAGED, detail="trailer of sector %d" % sector)

    # Small moves

    def _open(self, sector: int) -> bool:
        """For writing, with whichever key the sector has by now; True = still the factory's."""
        trailer = layout.trailer_of(sector)
        if self._card.opened_with(trailer, self._write_key, KEY_B):
            return False
        for factory in (self._factory, not self._factory):  # most likely the same as the sector before
            if self._accepts(trailer, *((layout.FACTORY_KEY, KEY_A) if factory else (self._write_key, KEY_B))):
                self._factory = factory
                return factory
        raise Refused(reasons.DAMAGED, detail="no key opens sector %d" % sector)

    def _accepts(self, block: int, key: bytes, key_type: int) -> bool:
        try:
            self._card.authenticate(block, key, key_type)
        except WrongKey:
            return False
        return True

    def _read_first_sector(self) -> None:
        self._header = self._card.read(layout.FIRST_BLOCK)
        self._state = self._card.read(layout.COMMIT_BLOCK)

    def _write_trailer(self, trailer: int, data: bytes) -> None:
        try:
            self._card.write(trailer, data)
        except WrongKey:
            pass  # only the acknowledge was lost, and the old key is gone already: the proof that follows decides

    def _access(self, trailer: int) -> tuple[int, int, int, int] | None:
        try:
            return making.decode_access(self._card.read(trailer)[6:9])
        except Malformed:
            return None

    def _outcome(self) -> Outcome:
        return Outcome(self._card.writes, self._card.retries)


class _Plan:
    """What has to be where: the header, all other blocks, and the sectors in the order in which they are done."""

    def __init__(self, kind: int, record: bytes) -> None:
        found, length = header_of(record)
        if found != kind or length != len(record):
            raise Refused(reasons.WRONG_CARD, detail="the record is not of this kind")
        self.kind = kind
        self.header = b""
        self.data: list[tuple[int, bytes]] = []
        for block, data in making.blocks_for(kind, record):
            if block == layout.FIRST_BLOCK:
                self.header = data
            elif block != layout.COMMIT_BLOCK:
                self.data.append((block, data))
        self.state: tuple[int, ...] = ()  # blocks that change in the card's life
        if kind == records.BATCH:
            self.state = (layout.BATCH_BURN_BLOCK,)
        if kind == records.WHITE:
            self.state = layout.WHITE_DRAW_BLOCKS
            self.data += [(block, _first_draw(record)) for block in self.state]
        self.sectors = _sectors(kind, length)


def _sectors(number: int, length: int) -> list[int]:
    """Ours on such a card, sector 1 last: it bears the sign of an unfinished card."""
    return [sector for sector in making.sectors_for(number, length) if sector != 1] + [1]


def _first_draw(record: bytes) -> bytes:
    """A white card's counter when it is new."""
    try:
        return making.draw_block(records.WhiteRecord.decode(record).certificate.first_credit)
    except ProtocolError as error:
        raise Refused(reasons.DAMAGED, detail=str(error)) from None


def _length_or_longest(number: int, header: bytes) -> int:
    """Of the record that was on the card; the longest there is when its header is gone."""
    try:
        kind, length = records.header(header)
    except ProtocolError:
        kind = 0
    if kind == number:
        return length
    return _ONE_TIME_BYTES if number == records.ONE_TIME else records.MAX_RECORD_BYTES
