"""What the workflow asks of a card, whatever it is made of.

A medium is a selected card that can hold one of our records. MIFARE Classic is media_classic.py; a new medium is a
new file with the same methods and a line in open_medium(). Keys come from the caller: a medium derives none.

Besides Refused (protocol.reasons) every method raises what the reader raises (mfrc522.errors): CardGone = tap again,
WrongKey / CardRefused = the card said no, ReaderLost = start the reader anew.
"""

from errors import Refused
from iso14443.a import Card
from mfrc522.chip import Mfrc522
from protocol import reasons, records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[int, int], None]

# What classify() finds besides the names of KINDS
BLANK = "blank"  # as delivered
FOREIGN = "foreign"  # not ours
TORN = "torn"  # personalising or erasing it was interrupted; calling it again finishes it

KINDS = {
    "master": records.MASTER,
    "white": records.WHITE,
    "batch": records.BATCH,
    "one_time": records.ONE_TIME,
    "service": records.SERVICE,
}

# What burn_state() finds
FRESH = "fresh"  # as the issuer left it
MINE = "mine"  # it holds the mark that was asked for, complete and verified
OTHER = "other"  # anything else: a half-written mark, another machine's, damage


class Found:
    """What a card turned out to be. `header` is the record's public beginning, b"" when there is none.

    `unfinished`: the card bears the sign of an interrupted personalisation. On a one-time card a burn that was torn
    after its first bits can look the same, so a swipe machine goes by burn_state() and only an issuer by this.
    """

    def __init__(self, kind: str, header: bytes, unfinished: bool) -> None:
        self.kind = kind
        self.header = header
        self.unfinished = unfinished


class Outcome:
    """What personalising cost: blocks written, frames repeated."""

    def __init__(self, blocks: int, retries: int) -> None:
        self.blocks = blocks
        self.retries = retries


class Medium:
    """The interface. `NAME` goes over the host link, `STRONG` says whether it resists cloning."""

    NAME = ""
    STRONG = False
    STORE = ""  # module whose open_store(medium) gives the Store of a service card; "" = it has no room for messages

    def __init__(self, uid: bytes) -> None:
        self.uid = uid

    if TYPE_CHECKING:  # what every medium has to have; a method that only says so would cost the heap of one that works

        def classify(self) -> Found:
            """What is it? Needs no key of the caller's."""
            raise NotImplementedError

        def read_record(self, kind: str, read_key: bytes | None = None) -> bytes:
            """The whole record. A one-time card needs no key. WrongKey: not made for this key's holder."""
            raise NotImplementedError

        def burn_state(self, kind: str, mark: bytes, read_key: bytes | None = None) -> str:
            """FRESH, MINE or OTHER, of a one-time or a batch card."""
            raise NotImplementedError

        def prove(self, kind: str, access_key: bytes) -> None:
            """Authenticate with the key that burn() needs, and write nothing. WrongKey: a copy."""
            raise NotImplementedError

        def burn(self, kind: str, access_key: bytes, mark: bytes) -> None:
            """Write the mark and read it back. Safe to call again."""
            raise NotImplementedError

        def personalise(
            self, kind: str, record: bytes, read_key: bytes, write_key: bytes, progress: "Progress"
        ) -> Outcome:
            """Make this card the one that `record` says; `progress(step, of)` is called on the way.

            Resumable: the same call on a card that was torn at any point finishes it. Everything is read back.
            """
            raise NotImplementedError

        def erase(self, kind: str, write_key: bytes) -> None:
            """Back to blank; resumable. Refused(used) when the card was burnt."""
            raise NotImplementedError

        def drawn(self, read_key: bytes) -> int:
            """A white card's own counter: the next credit it will issue."""
            raise NotImplementedError

        def draw(self, write_key: bytes, next_credit: int) -> int:
            """Move the counter on; Refused(out_of_range) when it would go back. Returns what is on the card now."""
            raise NotImplementedError


def open_medium(chip: Mfrc522, card: Card) -> Medium:
    """The medium that a selected card is. Refused(foreign): nothing that we can write on."""
    from picc.classic import is_classic_1k

    if is_classic_1k(card):
        from media_classic import ClassicMedium

        return ClassicMedium(chip, card)
    raise Refused(reasons.FOREIGN, detail="SAK %02x" % card.sak)
