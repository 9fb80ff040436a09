"""The rule of the swipe machine: what to do with the one-time card that was read. Pure: no reader, no flash, no clock.

The order of the questions is the order in which the answers help the person with the card: first what is wrong with
the machine, then what is wrong with the card, last what happened to it before.
"""

from protocol import reasons

FRESH = "fresh"  # the burn block is as the issuer left it
MINE = "mine"  # it holds the mark this machine would write
OTHER = "other"  # anything else: a half-written mark, another machine's, damage


class Accept:
    """A good card, never seen: journal the intent, burn it, debit it."""

    burn = True
    intent = True


class Resume:
    """A card whose intent is on flash already: finish it. ``burn`` says whether the mark still has to be written."""

    intent = False

    def __init__(self, burn: bool) -> None:
        self.burn = burn


class Refuse:
    """No debit; ``reason`` is one of protocol.reasons."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Facts:
    """What the machine knows about the card in its field and about itself, gathered before the rule is asked."""

    locked = False
    machine_has_batches = True
    batch_known = True
    batch_used_up = False  # it was known, and nothing was left of it: its key is gone, so the card proves nothing
    batch_revoked = False
    batch_expired = False
    in_range = True
    authentic = True  # the tag is the one K_batch makes for this UID and credit
    credit_revoked = False
    spent = False
    in_doubt = False  # INTENT on flash, no DEBIT yet
    exam_running = False  # some exam is granted and has not ended
    exam_is_this_credit = False  # ... and this very card paid for it
    burn_state = FRESH


def decide(facts: Facts) -> "Accept | Resume | Refuse":
    """Accept, resume or refuse."""
    reason = _machine_refuses(facts) or _card_refuses(facts) or _history_refuses(facts)
    if reason is not None:
        return Refuse(reason)
    if facts.in_doubt:
        return Resume(burn=facts.burn_state != MINE)
    return Accept()


def _machine_refuses(facts: Facts) -> str | None:
    if facts.locked:
        return reasons.LOCKED
    if not facts.machine_has_batches:
        return reasons.NOT_INITIALISED
    return None


def _card_refuses(facts: Facts) -> str | None:
    if facts.batch_used_up:
        return reasons.USED
    if not facts.batch_known:
        return reasons.OTHER_BATCH
    if not facts.authentic:
        return reasons.FORGED
    if not facts.in_range:
        return reasons.OUT_OF_RANGE
    if facts.batch_revoked or facts.credit_revoked:
        return reasons.REVOKED
    return None


def _history_refuses(facts: Facts) -> str | None:
    if facts.exam_running and facts.exam_is_this_credit:
        return reasons.STILL_RUNNING
    if facts.spent:
        return reasons.USED
    if facts.batch_expired and not facts.in_doubt:
        return reasons.EXPIRED
    if facts.exam_running:
        return reasons.BUSY
    if facts.in_doubt or facts.burn_state == FRESH:
        return None
    # Burnt, yet nothing about it in the journal: the mark is ours (an older life of this flash) or it is unreadable.
    return reasons.USED if facts.burn_state == MINE else reasons.DAMAGED
