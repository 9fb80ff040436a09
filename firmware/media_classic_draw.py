"""A white card's own counter on a MIFARE Classic: two copies, one of which is good at any moment."""

from errors import Refused
from media_classic import put
from picc.classic import KEY_A, KEY_B, Classic
from protocol import classic as layout
from protocol import classic_making as making
from protocol import reasons
from protocol.errors import Malformed


def drawn(card: Classic, read_key: bytes) -> int:
    """The next credit that it will issue."""
    card.authenticate(layout.WHITE_DRAW_BLOCKS[0], read_key, KEY_A)
    return _counter(*_copies(card))


def draw(card: Classic, write_key: bytes, next_credit: int) -> int:
    """Move the counter on; Refused(out_of_range) when it would go back. Returns what is on the card now."""
    card.authenticate(layout.WHITE_DRAW_BLOCKS[0], write_key, KEY_B)
    first, second = _copies(card)
    present = _counter(first, second)
    if next_credit < present:
        raise Refused(reasons.OUT_OF_RANGE, detail="the card has drawn up to %d" % present)
    if next_credit > present or first != second:  # a copy that was torn may hold its number by chance: have two
        put(card, making.draw_target(first, second), making.draw_block(next_credit))
    return next_credit


def _copies(card: Classic) -> tuple[bytes, bytes]:
    first, second = layout.WHITE_DRAW_BLOCKS
    return card.read(first), card.read(second)


def _counter(first: bytes, second: bytes) -> int:
    try:
        return making.next_credit(first, second)
    except Malformed as error:
        raise Refused(reasons.DAMAGED, detail=str(error)) from None
