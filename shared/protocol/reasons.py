"""Why a card, a command or a call was refused. The text is what programs compare, the number is what is journalled.

Law: a number is a name's place in NAMES. Names are only ever appended; a retired one keeps its place.
"""

from protocol.errors import UnknownKind

GRANTED = "granted"  # the exam may start
USED = "used"  # this card was debited before
STILL_RUNNING = "still_running"  # this card was debited for the exam that is running now
OTHER_BATCH = "other_batch"  # the card belongs to a batch that this machine was not initialised with
OTHER_MACHINE = "other_machine"  # the batch is bound to another machine
OTHER_INSTITUTION = "other_institution"  # the batch belongs to another institution
FOREIGN = "foreign"  # not a card of this system
FORGED = "forged"  # looks like one of our cards, but its tag or signature is wrong
DAMAGED = "damaged"  # one of our cards whose data cannot be read in full
REMOVED_EARLY = "removed_early"  # the card left the field too early: tap again, nothing is lost
TWO_CARDS = "two_cards"  # more than one card in the field: show one
NOT_INITIALISED = "not_initialised"  # the machine holds no batch yet
LOCKED = "locked"  # the machine was locked by the back office
EXPIRED = "expired"  # the batch's expiry date has passed
REVOKED = "revoked"  # the back office revoked this card or its batch
OUT_OF_RANGE = "out_of_range"  # the credit lies outside the range that was signed
NOT_IN_CHAIN = "not_in_chain"  # a certificate is not signed by the level above
SECOND_MASTER = "second_master"  # another master card than the one this machine knows
BATCH_USED = "batch_used"  # this batch card has initialised a machine before
READER_LOST = "reader_lost"  # the card reader does not answer; it is being restarted
STORAGE_FULL = "storage_full"  # no room left for the journal: the machine must report first
STORAGE_FAILED = "storage_failed"  # the flash refused to write
BUSY = "busy"  # another operation is running
CANCELLED = "cancelled"  # the operation was called off
TIMEOUT = "timeout"  # no card, or no answer, in time
WRONG_CARD = "wrong_card"  # a card of ours, but not of the kind or the UID that is needed here
WRONG_ROLE = "wrong_role"  # this device's role does not do that
NOT_PROVISIONED = "not_provisioned"  # the device has not been initialised in the factory yet
WEAK_MEDIUM = "weak_medium"  # this kind of card is too weak for what shall be written on it
CLOCK_UNKNOWN = "clock_unknown"  # the machine needs the time for this and does not know it
SERVICE_FULL = "service_full"  # the service card has no room left for this machine's report

NAMES = (
    GRANTED,
    USED,
    STILL_RUNNING,
    OTHER_BATCH,
    OTHER_MACHINE,
    OTHER_INSTITUTION,
    FOREIGN,
    FORGED,
    DAMAGED,
    REMOVED_EARLY,
    TWO_CARDS,
    NOT_INITIALISED,
    LOCKED,
    EXPIRED,
    REVOKED,
    OUT_OF_RANGE,
    NOT_IN_CHAIN,
    SECOND_MASTER,
    BATCH_USED,
    READER_LOST,
    STORAGE_FULL,
    STORAGE_FAILED,
    BUSY,
    CANCELLED,
    TIMEOUT,
    WRONG_CARD,
    WRONG_ROLE,
    NOT_PROVISIONED,
    WEAK_MEDIUM,
    CLOCK_UNKNOWN,
    SERVICE_FULL,
)


def number(name: str) -> int:
    if name not in NAMES:
        raise UnknownKind("no reason of the name " + repr(name))
    return NAMES.index(name)


def name(number: int) -> str:
    if not 0 <= number < len(NAMES):
        raise UnknownKind("no reason of the number " + repr(number))
    return NAMES[number]
