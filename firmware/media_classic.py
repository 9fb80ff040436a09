"""Our records on a MIFARE Classic 1K (layout: protocol.classic).

Personalising is a journal of small steps that the card itself keeps: block 6 says "unfinished" from the first step to
the last, every step looks at what is there before it writes, and everything is read back. Torn anywhere, the same
call again goes on where it stopped. The one thing that nothing can save: a card torn *inside* the write of a sector
trailer (about 5 ms) may end with access bits that contradict each other, and the chip then locks that sector for
ever (NXP MF1S50YYX 8.7.1). Such a card is reported as damaged.
"""

from errors import Refused
from iso14443.a import Card
from media import BLANK, FOREIGN, FRESH, KINDS, MINE, OTHER, TORN, Found, Medium, Outcome
from mfrc522.chip import Mfrc522
from mfrc522.errors import CardRefused, WrongKey
from picc.classic import KEY_A, KEY_B, Classic
from protocol import classic as layout
from protocol import reasons, records
from protocol.errors import Malformed, ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from media import Progress

_WRITE_TRIES = 2  # a block that does not hold what was written after this many writes is damaged


class ClassicMedium(Medium):
    """A selected MIFARE Classic 1K."""

    NAME = "classic1k"

    def __init__(self, chip: Mfrc522, card: Card) -> None:
        super().__init__(card.uid)
        self._card = Classic(chip, card)
        self._writes = 0
        self._factory = True  # what the sector opened last for writing had for keys
        self._header = b""
        self._state = b""  # block 6 as last seen, b"" = not read yet

    # Reading

    def classify(self) -> Found:
        """One authentication for a card of ours, two for a blank one."""
        try:
            self._card.authenticate(layout.FIRST_BLOCK, layout.PUBLIC_READ_KEY, KEY_A)
        except WrongKey:
            return self._classify_factory()
        self._read_first_sector()
        name = _name_of(self._header)
        if name:
            return Found(name, self._header, self._unfinished())
        return Found(TORN if self._unfinished() else FOREIGN, b"", self._unfinished())

    def read_record(self, kind: str, read_key: bytes | None = None) -> bytes:
        number = KINDS[kind]
        self._open_public()
        found, length = _header_of(self._header)
        if found != number:
            raise Refused(reasons.WRONG_CARD, detail="a card of kind %d" % found)
        blocks = {layout.FIRST_BLOCK: self._header}
        for block in layout.block_numbers(number, length)[1:]:
            self._open_for_reading(block, read_key)
            blocks[block] = self._card.read(block)
        return layout.assemble(number, length, blocks)

    def burn_state(self, kind: str, mark: bytes, read_key: bytes | None = None) -> str:
        content = self._burn_content(KINDS[kind], read_key)
        if content == mark:
            return MINE
        return FRESH if content == layout.FRESH else OTHER

    # Burning

    def burn(self, kind: str, access_key: bytes, mark: bytes) -> None:
        number = KINDS[kind]
        block = _burn_block(number)
        self._card.authenticate(block, access_key, KEY_A if layout.burn_key_type(number) == "A" else KEY_B)
        if block == layout.COMMIT_BLOCK:
            self._state = b""
        self._put(block, mark)
        if block == layout.COMMIT_BLOCK:
            self._state = mark

    # A white card's counter

    def drawn(self, read_key: bytes) -> int:
        self._card.authenticate(layout.WHITE_DRAW_BLOCKS[0], read_key, KEY_A)
        return _counter(*self._draw_copies())

    def draw(self, write_key: bytes, next_credit: int) -> int:
        self._card.authenticate(layout.WHITE_DRAW_BLOCKS[0], write_key, KEY_B)
        first, second = self._draw_copies()
        present = _counter(first, second)
        if next_credit < present:
            raise Refused(reasons.OUT_OF_RANGE, detail="the card has drawn up to %d" % present)
        if next_credit > present or first != second:  # a copy that was torn may hold its number by chance: have two
            self._put(layout.draw_target(first, second), layout.draw_block(next_credit))
        return next_credit

    # Personalising

    def personalise(self, kind: str, record: bytes, read_key: bytes, write_key: bytes, progress: "Progress") -> Outcome:
        plan = _Plan(KINDS[kind], record)
        self._writes = self._card.retries = 0
        self._begin(plan, read_key, write_key)
        if self._finished(plan, read_key):
            self._open(1, write_key)
            self._put(layout.COMMIT_BLOCK, layout.FRESH)  # torn at its very end, this block could still be weak
            return self._outcome()
        steps = len(plan.sectors) + 2
        torn_in = self._last_secured(plan, write_key) if self._unfinished() else 0
        self._mark_unfinished(write_key)
        progress(1, steps)
        for index, sector in enumerate(plan.sectors):
            self._fill(plan, sector, write_key)
            self._secure(plan.kind, sector, read_key, write_key, rewrite=sector == torn_in)
            progress(index + 2, steps)
        self._commit(plan, write_key)
        progress(steps, steps)
        return self._outcome()

    def erase(self, kind: str, write_key: bytes) -> None:
        number = KINDS[kind]
        self._open(1, write_key)
        self._read_first_sector()
        if not self._unfinished():
            if _name_of(self._header) != kind:
                raise Refused(reasons.WRONG_CARD, detail="not a card of kind " + kind)
            if self._state != layout.FRESH:
                raise Refused(reasons.USED, detail="the card was burnt")
        resumed = self._unfinished()
        length = _length_or_longest(number, self._header)
        self._mark_unfinished(write_key)
        self._put(layout.FIRST_BLOCK, layout.FRESH)
        for sector in _sectors(number, length):
            self._clear(sector, write_key, resumed)
        self._card.authenticate(layout.FIRST_BLOCK, layout.FACTORY_KEY, KEY_A)
        self._put(layout.COMMIT_BLOCK, layout.FRESH)

    # Steps of personalising

    def _begin(self, plan: "_Plan", read_key: bytes, write_key: bytes) -> None:
        """Open sector 1 and see that nothing else would be overwritten."""
        if len(read_key) != 6 or len(write_key) != 6:
            raise Refused(reasons.DAMAGED, detail="a MIFARE Classic key has 6 bytes")
        factory = self._open(1, write_key)
        self._read_first_sector()
        untouched = factory and self._header == layout.FRESH and self._state == layout.FRESH
        if not (untouched or self._unfinished() or self._header == plan.header):
            raise Refused(reasons.WRONG_CARD, detail="something else is written on this card")

    def _finished(self, plan: "_Plan", read_key: bytes) -> bool:
        """A card that was finished before: check its record, touch nothing, least of all its state."""
        if self._header != plan.header or self._unfinished():
            return False
        if self._state != layout.FRESH:
            raise Refused(reasons.USED, detail="the card was burnt")
        for block, data in plan.data:
            if block in plan.state:
                continue
            self._open_for_reading(block, read_key)
            if self._card.read(block) != data:
                raise Refused(reasons.DAMAGED, detail="block %d" % block)
        return True

    def _last_secured(self, plan: "_Plan", write_key: bytes) -> int:
        """The sector whose trailer was written last: if the card was torn in that, some of its bits may be weak."""
        for sector in reversed(plan.sectors):
            if not self._open(sector, write_key):
                return sector
        return 0

    def _mark_unfinished(self, write_key: bytes) -> None:
        if self._state != layout.UNFINISHED:
            self._open(1, write_key)
            self._put(layout.COMMIT_BLOCK, layout.UNFINISHED)
            self._state = layout.UNFINISHED

    def _fill(self, plan: "_Plan", sector: int, write_key: bytes) -> None:
        """The sector's data. What a torn write left may read right by chance, so an open sector is always written."""
        factory = self._open(sector, write_key)
        for block, data in plan.data:
            if layout.sector_of(block) == sector and (factory or self._card.read(block) != data):
                self._put(block, data)

    def _secure(self, number: int, sector: int, read_key: bytes, write_key: bytes, rewrite: bool) -> None:
        """Keys and access bits of a filled sector: written only from a known state, and proven afterwards."""
        trailer = layout.trailer_of(sector)
        wanted = layout.trailer(number, sector, read_key, write_key)
        factory = self._open(sector, write_key)
        if self._access(trailer) != (layout.FACTORY_ACCESS if factory else layout.access_of(number, sector)):
            raise Refused(reasons.DAMAGED, detail="unexpected access bits in sector %d" % sector)
        if factory or rewrite or not self._accepts(trailer, wanted[:6], KEY_A):
            self._open(sector, write_key)
            self._write_trailer(trailer, wanted)
        self._prove(trailer, wanted[:6], KEY_A, number, sector)
        self._prove(trailer, write_key, KEY_B, number, sector)

    def _prove(self, trailer: int, key: bytes, key_type: int, number: int, sector: int) -> None:
        self._card.log_out()
        if not self._accepts(trailer, key, key_type) or self._access(trailer) != layout.access_of(number, sector):
            raise Refused(reasons.DAMAGED, detail="trailer of sector %d" % sector)

    def _commit(self, plan: "_Plan", write_key: bytes) -> None:
        """The header makes it a card of ours, the last block says that nothing is missing."""
        self._card.authenticate(layout.FIRST_BLOCK, write_key, KEY_B)
        self._put(layout.FIRST_BLOCK, plan.header)
        self._header = plan.header
        self._put(layout.COMMIT_BLOCK, layout.FRESH)
        self._state = layout.FRESH

    def _clear(self, sector: int, write_key: bytes, resumed: bool) -> None:
        """Data first, then the factory trailer; block 6 keeps the sign of an unfinished card until the very end."""
        factory = self._open(sector, write_key)
        trailer = layout.trailer_of(sector)
        for block in range(trailer - 3, trailer):
            if block != layout.COMMIT_BLOCK and self._card.read(block) != layout.FRESH:
                self._put(block, layout.FRESH)
        if factory and not resumed:
            return
        self._write_trailer(trailer, layout.factory_trailer())
        self._card.log_out()
        if not self._accepts(trailer, layout.FACTORY_KEY, KEY_A) or self._access(trailer) != layout.FACTORY_ACCESS:
            raise Refused(reasons.DAMAGED, detail="trailer of sector %d" % sector)

    # Small moves

    def _open(self, sector: int, write_key: bytes) -> bool:
        """For writing, with whichever key the sector has by now; True = still the factory's."""
        trailer = layout.trailer_of(sector)
        if self._card.opened_with(trailer, write_key, KEY_B):
            return False
        for factory in (self._factory, not self._factory):  # most likely the same as the sector before
            if self._accepts(trailer, *((layout.FACTORY_KEY, KEY_A) if factory else (write_key, KEY_B))):
                self._factory = factory
                return factory
        raise Refused(reasons.DAMAGED, detail="no key opens sector %d" % sector)

    def _accepts(self, block: int, key: bytes, key_type: int) -> bool:
        try:
            self._card.authenticate(block, key, key_type)
        except WrongKey:
            return False
        return True

    def _put(self, block: int, data: bytes) -> None:
        """Write and read back."""
        for _ in range(_WRITE_TRIES):
            self._write(block, data)
            if self._card.read(block) == data:
                return
        raise Refused(reasons.DAMAGED, detail="block %d does not keep what is written" % block)

    def _write(self, block: int, data: bytes) -> None:
        self._writes += 1
        self._card.write(block, data)

    def _write_trailer(self, trailer: int, data: bytes) -> None:
        try:
            self._write(trailer, data)
        except WrongKey:
            pass  # only the acknowledge was lost, and the old key is gone already: the proof that follows decides

    def _access(self, trailer: int) -> tuple[int, int, int, int] | None:
        try:
            return layout.decode_access(self._card.read(trailer)[6:9])
        except Malformed:
            return None

    def _classify_factory(self) -> Found:
        if not self._accepts(layout.FIRST_BLOCK, layout.FACTORY_KEY, KEY_A):
            return Found(FOREIGN, b"", False)
        self._read_first_sector()
        if self._unfinished():
            return Found(TORN, b"", True)
        blank = self._header == layout.FRESH and self._state == layout.FRESH
        return Found(BLANK if blank else FOREIGN, b"", False)

    def _open_public(self) -> None:
        if not self._header:
            self._card.authenticate(layout.FIRST_BLOCK, layout.PUBLIC_READ_KEY, KEY_A)
            self._read_first_sector()

    def _read_first_sector(self) -> None:
        self._header = self._card.read(layout.FIRST_BLOCK)
        self._state = self._card.read(layout.COMMIT_BLOCK)

    def _open_for_reading(self, block: int, read_key: bytes | None) -> None:
        sector = layout.sector_of(block)
        key = layout.read_key_of(sector, read_key or b"")
        if len(key) != 6:
            raise CardRefused("no key for sector %d" % sector)
        self._card.authenticate(block, key, KEY_A)

    def _unfinished(self) -> bool:
        """A write that was torn leaves some of the mark's bits; so does the mark being taken away."""
        rest = int.from_bytes(self._state, "big")
        return rest != 0 and rest & ~int.from_bytes(layout.UNFINISHED, "big") == 0

    def _burn_content(self, number: int, read_key: bytes | None) -> bytes:
        block = _burn_block(number)
        if block == layout.COMMIT_BLOCK and self._state:
            return self._state
        self._open_for_reading(block, read_key)
        return self._card.read(block)

    def _draw_copies(self) -> tuple[bytes, bytes]:
        first, second = layout.WHITE_DRAW_BLOCKS
        return self._card.read(first), self._card.read(second)

    def _outcome(self) -> Outcome:
        return Outcome(self._writes, self._card.retries)


class _Plan:
    """What has to be where: the header, all other blocks, and the sectors in the order in which they are done."""

    def __init__(self, kind: int, record: bytes) -> None:
        found, length = _header_of(record)
        if found != kind or length != len(record):
            raise Refused(reasons.WRONG_CARD, detail="the record is not of this kind")
        self.kind = kind
        self.header = b""
        self.data: list[tuple[int, bytes]] = []
        for block, data in layout.blocks_for(kind, record):
            if block == layout.FIRST_BLOCK:
                self.header = data
            elif block != layout.COMMIT_BLOCK:
                self.data.append((block, data))
        self.state: tuple[int, ...] = ()  # blocks that change in the card's life
        if kind == records.BATCH:
            self.state = (layout.BATCH_BURN_BLOCK,)
        if kind == records.WHITE:
            self.state = layout.WHITE_DRAW_BLOCKS
            counter = layout.draw_block(records.WhiteRecord.decode(record).certificate.first_credit)
            self.data += [(block, counter) for block in self.state]
        self.sectors = _sectors(kind, length)


def _sectors(number: int, length: int) -> list[int]:
    """Ours on such a card, sector 1 last: it bears the sign of an unfinished card."""
    return [sector for sector in layout.sectors_for(number, length) if sector != 1] + [1]


def _name_of(header: bytes) -> str:
    """The kind's name, "" when this is no header of ours."""
    try:
        number = records.header(header)[0]
    except ProtocolError:
        return ""
    for name in KINDS:
        if KINDS[name] == number:
            return name
    return ""


def _header_of(data: bytes) -> tuple[int, int]:
    try:
        return records.header(data)
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
    return 32 if number == records.ONE_TIME else records.MAX_RECORD_BYTES


def _burn_block(number: int) -> int:
    block = layout.burn_block(number)
    if block is None:
        raise Refused(reasons.WRONG_CARD, detail="a card of kind %d is not burnt" % number)
    return block


def _counter(first: bytes, second: bytes) -> int:
    try:
        return layout.next_credit(first, second)
    except Malformed as error:
        raise Refused(reasons.DAMAGED, detail=str(error)) from None
