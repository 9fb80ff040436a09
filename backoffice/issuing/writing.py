"""Writing one card, so that afterwards its row says what can be known about the plastic."""

from backoffice.cards import service as cards
from backoffice.devices.issuer import Shown, reason_of
from backoffice.errors import BackOfficeError, DeviceRefused
from backoffice.issuing import service, steps
from backoffice.issuing.certificates import Content
from backoffice.issuing.desk import JobDesk

NOTHING_WRITTEN = (
    "wrong_card",
    "foreign",
    "weak_medium",
    "not_in_chain",
    "out_of_range",
    "expired",
    "wrong_role",
    "not_provisioned",
    "busy",
    "cancelled",
)
"""The device refused before it touched the card."""
OTHER_PLASTIC = ("wrong_card", "foreign", "weak_medium")
"""Another card will do."""
SAME_PLASTIC = ("removed_early", "two_cards", "damaged", "timeout")
"""The same card has to come back."""
DAMAGE_MAX = 3


def write_card(desk: JobDesk, card_id: int, shown: Shown, content: Content) -> bool:
    """True when it is written. False when the person can go on with this or another card; else it raises."""
    with desk.begin() as session:
        card = cards.get(session, card_id)
        was_torn = card.state == cards.TORN
        cards.begin_writing(session, card, shown.uid, shown.medium, desk.now())
        job = service.find_job(session, desk.job_id)
        job.step, job.warning = steps.WRITING, card.warning or job.warning
        desk.publish(session, job, uid=card.uid, credit=card.credit)
    try:
        desk.issuer.write(shown.uid, content.kind, content.record, content.read_key, content.write_key)
    except DeviceRefused as error:
        reason = reason_of(error)
        _not_written(desk, card_id, reason, untouched=reason in NOTHING_WRITTEN and not was_torn)
        if reason == "damaged" and _is_hopeless(desk, shown.uid):
            _discard(desk, card_id, shown, content)
        if reason in SAME_PLASTIC or reason in OTHER_PLASTIC:
            return False
        raise
    except BackOfficeError as error:
        _not_written(desk, card_id, error.code, untouched=False)
        raise
    _written(desk, card_id)
    return True


def _written(desk: JobDesk, card_id: int) -> None:
    with desk.begin() as session:
        card = cards.get(session, card_id)
        cards.written(session, card, desk.now())
        job = service.find_job(session, desk.job_id)
        job.step, job.changed_at = steps.REMOVE, desk.now()
        desk.publish(session, job, uid=card.uid, credit=card.credit)


def _not_written(desk: JobDesk, card_id: int, reason: str, *, untouched: bool) -> None:
    with desk.begin() as session:
        card = cards.get(session, card_id)
        if untouched:
            cards.untouched(session, card, reason, desk.now())
        else:
            cards.torn(session, card, reason, desk.now())
        job = service.find_job(session, desk.job_id)
        job.step = steps.REJECTED if reason in OTHER_PLASTIC else steps.TAP_AGAIN
        desk.publish(session, job, uid=card.uid, reason=reason)


def _is_hopeless(desk: JobDesk, uid: bytes) -> bool:
    desk.damage[uid] = desk.damage.get(uid, 0) + 1
    return desk.damage[uid] >= DAMAGE_MAX


def _discard(desk: JobDesk, card_id: int, shown: Shown, content: Content) -> None:
    """The plastic is bad. Proved blank, its content goes on another card; otherwise the content is void."""
    try:
        desk.issuer.erase(shown.uid, content.kind, content.write_key)
        proved_blank = True
    except BackOfficeError:
        proved_blank = False
    with desk.begin() as session:
        card = cards.get(session, card_id)
        cards.failed(session, card, "damaged", "" if proved_blank else cards.VOIDED, desk.now())
        if proved_blank:
            cards.plan_again(session, card, desk.now())
        else:
            service.void(session, card, desk.now())
