"""ISO/IEC 14443-3 type A: who is in the field (request), which one (anticollision, cascade), select it, halt it."""

from mfrc522.chip import CRC_BOTH, CRC_NONE, Mfrc522
from mfrc522.errors import CardGone, Collision, Garbled, TwoCards
from micropython import const

REQA = const(0x26)  # wakes cards that are idle
WUPA = const(0x52)  # wakes halted ones too

_SELECT_LEVELS = b"\x93\x95\x97"  # 6.5.4
_WHOLE_LEVEL = const(0x70)  # NVB: all 40 bits follow
_CASCADE_TAG = const(0x88)  # first byte of a level that is not the last one
_UID_INCOMPLETE = const(0x04)  # SAK: another level follows
_HLTA = b"\x50\x00"
_ANSWER_US = const(1_000)  # the answer begins after 91 us at the latest; slow cards exist
_TRIES = const(3)  # a frame may be lost while a hand still moves
_LEVEL_BITS = const(32)


class Card:
    """A selected card."""

    def __init__(self, uid: bytes, sak: int, atqa: bytes) -> None:
        self.uid = uid
        self.sak = sak
        self.atqa = atqa


_frame = bytearray(9)  # SEL, NVB, four UID bytes, BCC; one command at a time is on air


def select(chip: Mfrc522, wake: int = REQA, pick_one: bool = False) -> Card:
    """The card in the field, selected. CardGone: none. TwoCards: several, unless one shall be picked.

    Repeats what was lost on the way while somebody is there; nobody costs one frame.
    """
    try:
        atqa = request(chip, wake)
    except Garbled:
        atqa = request(chip, WUPA)
    for _ in range(_TRIES - 1):
        try:
            return _cascade(chip, atqa, pick_one)
        except CardGone:
            atqa = request(chip, WUPA)
    return _cascade(chip, atqa, pick_one)


def reselect(chip: Mfrc522, card: Card) -> None:
    """Select a known card again, whatever state it is in: no anticollision, so others in the field do not matter."""
    for _ in range(_TRIES - 1):
        try:
            return _reselect_once(chip, card.uid)
        except CardGone:
            continue
    return _reselect_once(chip, card.uid)


def request(chip: Mfrc522, wake: int = REQA) -> bytes:
    """Wake; ATQA of whoever answers. Several different cards collide here already, which is an answer, too.

    A card that is awake already takes the first wake-up for a mistake and falls back to idle without a word (6.4.1), so
    it is asked twice. An empty field costs one frame.
    """
    encrypted = chip.stop_crypto()
    if not (encrypted or chip.woken):
        return _request_once(chip, wake)
    try:
        return _request_once(chip, wake)
    except CardGone:
        return _request_once(chip, wake)


def halt(chip: Mfrc522) -> None:
    """HLTA: the card stays silent until WUPA or until it leaves the field."""
    chip.send(_HLTA, 2)
    chip.stop_crypto()
    chip.woken = False


def _request_once(chip: Mfrc522, wake: int) -> bytes:
    _frame[0] = wake
    chip.woken = False
    try:
        count = chip.transceive(_frame, 1, _ANSWER_US, CRC_NONE, last_bits=7, expect=2)
    except Collision:
        count = 2
    except Garbled:
        chip.woken = True
        raise
    chip.woken = True
    if count != 2:
        raise Garbled("ATQA of %d bytes" % count)
    return bytes(chip.rx[:2])


def _cascade(chip: Mfrc522, atqa: bytes, pick_one: bool) -> Card:
    uid = b""
    for level in _SELECT_LEVELS:
        _anticollision(chip, level, pick_one)
        sak = _select_level(chip, level)
        if not sak & _UID_INCOMPLETE:
            return Card(uid + bytes(_frame[2:6]), sak, atqa)
        if _frame[2] != _CASCADE_TAG:
            raise Garbled("no cascade tag")
        uid += bytes(_frame[3:6])
    raise Garbled("a fourth cascade level")


def _anticollision(chip: Mfrc522, level: int, pick_one: bool) -> None:
    """The UID of this level into _frame[2:7] (6.5.3.2). Bound: each round decides at least one bit more."""
    _frame[0] = level
    for index in range(2, 7):
        _frame[index] = 0
    known = 0
    while known < _LEVEL_BITS:
        whole, bits = known >> 3, known & 7
        _frame[1] = (2 + whole) << 4 | bits
        count = 2 + whole + (1 if bits else 0)
        try:
            got = chip.transceive(_frame, count, _ANSWER_US, CRC_NONE, last_bits=bits, align=bits, expect=5 - whole)
        except Collision as collision:
            if not pick_one:
                halt(chip)  # back to idle with them: half selected, they would not hear the next wake-up
                raise TwoCards() from None
            known = _resolve(chip, known, collision.position)
            continue
        if got != 5 - whole:
            raise Garbled("UID of %d bytes" % got)
        _merge(chip, known, 40)
        if _frame[2] ^ _frame[3] ^ _frame[4] ^ _frame[5] ^ _frame[6]:
            raise Garbled("BCC")
        return
    # Collisions to the last bit: all 32 are known, their check byte is ours to calculate.
    _frame[6] = _frame[2] ^ _frame[3] ^ _frame[4] ^ _frame[5]


def _resolve(chip: Mfrc522, known: int, position: int) -> int:
    """Keep the bits before the collision, say 1 for the colliding bit; how many bits are known now."""
    # The position counts from the first bit of the received bytes, the aligned ones included.
    resolved = (known & ~7) + position
    if position == 0 or resolved <= known or resolved > _LEVEL_BITS:
        raise Garbled("collision without a place")
    _merge(chip, known, resolved - 1)
    _frame[2 + ((resolved - 1) >> 3)] |= 1 << ((resolved - 1) & 7)
    return resolved


def _merge(chip: Mfrc522, known: int, until: int) -> None:
    """Received bits `known` to `until` into the frame; byte 0 received is the frame's byte of bit `known`."""
    first = known >> 3
    for bit in range(known, until):
        if chip.rx[(bit >> 3) - first] >> (bit & 7) & 1:
            _frame[2 + (bit >> 3)] |= 1 << (bit & 7)


def _select_level(chip: Mfrc522, level: int) -> int:
    """SELECT with the UID in _frame[2:7]; the SAK."""
    _frame[0] = level
    _frame[1] = _WHOLE_LEVEL
    count = chip.transceive(_frame, 7, _ANSWER_US, CRC_BOTH, expect=3)
    if count != 1:
        raise Garbled("SAK of %d bytes" % count)
    return chip.rx[0]


def _reselect_once(chip: Mfrc522, uid: bytes) -> None:
    request(chip, WUPA)
    rest = uid
    for level in _SELECT_LEVELS:
        last = len(rest) == 4
        if last:
            _frame[2:6] = rest
        else:
            _frame[2] = _CASCADE_TAG
            _frame[3:6] = rest[:3]
            rest = rest[3:]
        _frame[6] = _frame[2] ^ _frame[3] ^ _frame[4] ^ _frame[5]
        _select_level(chip, level)
        if last:
            return
