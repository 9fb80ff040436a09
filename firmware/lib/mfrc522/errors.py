"""Everything the reader and a card can do to the caller, grouped by what the caller does about it."""


class RfError(Exception):
    """Root of this tree."""


class CardGone(RfError):
    """Nothing answered in time: the card left, or was never there. Ask to tap again."""


class Garbled(CardGone):
    """Something answered, but not whole (parity, CRC, frame). Repeat in the field; if it stays so, ask to tap again."""


class TwoCards(RfError):
    """More than one card is in the field. Ask for one."""


class CardRefused(RfError):
    """The card is there and said no (NACK, wrong key). Say why; repeating does not help."""


class WrongKey(CardRefused):
    """The card did not accept the key."""


class ReaderLost(RfError):
    """The reader itself does not answer sensibly. Re-initialise it."""


class Collision(RfError):
    """Several cards answered at once; they differ first at bit `position` (1 = first bit received, 0 = unknown)."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position
