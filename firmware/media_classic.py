"""Our records on a MIFARE Classic 1K (layout: protocol.classic): read, burn, draw.

media_classic_making.py makes and erases them, media_classic_draw.py keeps a white card's counter: a swipe machine
loads neither.
"""

from errors import Refused
from iso14443.a import Card
from media import BLANK, FOREIGN, FRESH, KINDS, MINE, OTHER, TORN, Found, Medium
from mfrc522.chip import Mfrc522
from mfrc522.errors import CardRefused, WrongKey
from picc.classic import KEY_A, KEY_B, Classic
from protocol import classic as layout
from protocol import reasons, records
from protocol.errors import ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from media import Outcome, Progress

_WRITE_TRIES = 2  # a block that does not hold what was written after this many writes is damaged


class ClassicMedium(Medium):
    """A selected MIFARE Classic 1K."""

    NAME = "classic1k"
    STORE = "media_classic_store"

    def __init__(self, chip: Mfrc522, card: Card) -> None:
        super().__init__(card.uid)
        self.card = Classic(chip, card)
        self._header = b""
        self._state = b""  # block 6 as last seen, b"" = not read yet

    # Reading

    def classify(self) -> Found:
        """One authentication for a card of ours, two for a blank one."""
        try:
            self.card.authenticate(layout.FIRST_BLOCK, layout.PUBLIC_READ_KEY, KEY_A)
        except WrongKey:
            return self._classify_factory()
        self._read_first_sector()
        name = name_of(self._header)
        if name:
            return Found(name, self._header, is_unfinished(self._state))
        return Found(TORN if is_unfinished(self._state) else FOREIGN, b"", is_unfinished(self._state))

    def read_record(self, kind: str, read_key: bytes | None = None) -> bytes:
        number = KINDS[kind]
        self._open_public()
        found, length = header_of(self._header)
        if found != number:
            raise Refused(reasons.WRONG_CARD, detail="a card of kind %d" % found)
        blocks = {layout.FIRST_BLOCK: self._header}
        for block in layout.block_numbers(number, length)[1:]:
            self._open_for_reading(block, read_key)
            blocks[block] = self.card.read(block)
        return layout.assemble(number, length, blocks)

    def burn_state(self, kind: str, mark: bytes, read_key: bytes | None = None) -> str:
        content = self._burn_content(KINDS[kind], read_key)
        if content == mark:
            return MINE
        return FRESH if content == layout.FRESH else OTHER

    # Burning

    def prove(self, kind: str, access_key: bytes) -> None:
        number = KINDS[kind]
        key_type = KEY_A if layout.burn_key_type(number) == "A" else KEY_B
        self.card.authenticate(_burn_block(number), access_key, key_type)

    def burn(self, kind: str, access_key: bytes, mark: bytes) -> None:
        self.prove(kind, access_key)
        block = _burn_block(KINDS[kind])
        if block == layout.COMMIT_BLOCK:
            self._state = b""
        put(self.card, block, mark)
        if block == layout.COMMIT_BLOCK:
            self._state = mark

    # A white card's counter

    def drawn(self, read_key: bytes) -> int:
        from media_classic_draw import drawn

        return drawn(self.card, read_key)

    def draw(self, write_key: bytes, next_credit: int) -> int:
        from media_classic_draw import draw

        return draw(self.card, write_key, next_credit)

    # Making

    def personalise(
        self, kind: str, record: bytes, read_key: bytes, write_key: bytes, progress: "Progress"
    ) -> "Outcome":
        from media_classic_making import Maker

        self._header = self._state = b""
        try:
            return Maker(self.card, write_key).personalise(kind, record, read_key, progress)
        except CardRefused as error:
            raise _damaged(error) from None

    def erase(self, kind: str, write_key: bytes) -> None:
        from media_classic_making import Maker

        self._header = self._state = b""
        try:
            Maker(self.card, write_key).erase(kind)
        except CardRefused as error:
            raise _damaged(error) from None

    # Small moves

    def _classify_factory(self) -> Found:
        try:
            self.card.authenticate(layout.FIRST_BLOCK, layout.FACTORY_KEY, KEY_A)
        except WrongKey:
            return Found(FOREIGN, b"", False)
        self._read_first_sector()
        if is_unfinished(self._state):
            return Found(TORN, b"", True)
        blank = self._header == layout.FRESH and self._state == layout.FRESH
        return Found(BLANK if blank else FOREIGN, b"", False)

    def _open_public(self) -> None:
        if not self._header:
            self.card.authenticate(layout.FIRST_BLOCK, layout.PUBLIC_READ_KEY, KEY_A)
            self._read_first_sector()

    def _read_first_sector(self) -> None:
        self._header = self.card.read(layout.FIRST_BLOCK)
        self._state = self.card.read(layout.COMMIT_BLOCK)

    def _open_for_reading(self, block: int, read_key: bytes | None) -> None:
        sector = layout.sector_of(block)
        key = layout.read_key_of(sector, read_key or b"")
        if len(key) != 6:
            raise CardRefused("no key for sector %d" % sector)
        self.card.authenticate(block, key, KEY_A)

    def _burn_content(self, number: int, read_key: bytes | None) -> bytes:
        block = _burn_block(number)
        if block == layout.COMMIT_BLOCK and self._state:
            return self._state
        self._open_for_reading(block, read_key)
        return self.card.read(block)


def put(card: Classic, block: int, data: bytes) -> None:
    """Write into an open sector and read back."""
    for _ in range(_WRITE_TRIES):
        card.write(block, data)
        if card.read(block) == data:
            return
    raise Refused(reasons.DAMAGED, detail="block %d does not keep what is written" % block)


def _damaged(error: CardRefused) -> Refused:
    """A key fitted or access bits allowed it a moment ago, and now no more: the bits of a trailer are undecided."""
    return Refused(reasons.DAMAGED, detail=str(error))


def is_unfinished(state: bytes) -> bool:
    """Block 6: a write that was torn leaves some of the mark's bits; so does the mark being taken away."""
    bits = int.from_bytes(state, "big")
    return bits != 0 and bits & ~int.from_bytes(layout.UNFINISHED, "big") == 0


def name_of(header: bytes) -> str:
    """The kind's name, "" when this is no header of ours."""
    try:
        number = records.header(header)[0]
    except ProtocolError:
        return ""
    for name in KINDS:
        if KINDS[name] == number:
            return name
    return ""


def header_of(data: bytes) -> tuple[int, int]:
    """(kind, length) of a record. Refused(damaged): none of ours."""
    try:
        return records.header(data)
    except ProtocolError as error:
        raise Refused(reasons.DAMAGED, detail=str(error)) from None


def _burn_block(number: int) -> int:
    block = layout.burn_block(number)
    if block is None:
        raise Refused(reasons.WRONG_CARD, detail="a card of kind %d is not burnt" % number)
    return block
