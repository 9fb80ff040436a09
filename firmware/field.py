"""The reader's field: who is in it, and whether that card was dealt with already.

A card that was dealt with is left alone until it has been gone: absent twice, because one lost frame is no absence.
"""

from iso14443 import a
from iso14443.a import Card
from media import Medium, open_medium
from mfrc522.chip import Mfrc522
from mfrc522.errors import CardGone, Garbled, TwoCards

ABSENT_POLLS = 2


class Field:
    """One reader's field."""

    def __init__(self, chip: Mfrc522) -> None:
        self.chip = chip
        self._done: bytes | None = None  # the UID that was dealt with; b"" = two cards that were
        self.absent_polls = 0  # in a row, up to now

    def poll(self) -> Medium | None:
        """The card to act on, if there is one that was not dealt with. Raises TwoCards once, ReaderLost, Refused."""
        try:
            card = a.select(self.chip, a.WUPA)
        except Garbled:
            return None  # half a card: it is coming or going
        except CardGone:
            self._gone()
            return None
        except TwoCards:
            self.absent_polls = 0
            if self._done == b"":
                return None
            self._done = b""
            raise
        self.absent_polls = 0
        if card.uid == self._done:
            a.halt(self.chip)
            return None
        self._done = None
        return self._open(card)

    def settle(self, medium: Medium) -> None:
        """The card was dealt with: leave it alone until it has left."""
        self._done = medium.uid
        a.halt(self.chip)

    def settle_uid(self, uid: bytes) -> None:
        """The same for a card that may have left by now."""
        self._done = uid

    def forget(self) -> None:
        """Whoever lies in the field now is news again."""
        self._done = None

    def require(self, uid: bytes) -> Medium:
        """The card with this UID, selected afresh, dealt with or not. Raises CardGone, TwoCards, ReaderLost."""
        card = a.select(self.chip, a.WUPA)
        if card.uid != uid:
            raise CardGone("another card")
        return open_medium(self.chip, card)

    def _open(self, card: Card) -> Medium:
        self._done = card.uid  # a foreign card is complained about once
        medium = open_medium(self.chip, card)
        self._done = None
        return medium

    def _gone(self) -> None:
        self.absent_polls += 1
        if self.absent_polls >= ABSENT_POLLS:
            self._done = None
