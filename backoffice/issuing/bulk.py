"""Card after card until the order is complete: new content on blank cards, torn cards finished when they come back."""

from collections.abc import Callable

from sqlmodel import Session

from backoffice.cards import service as cards
from backoffice.devices.issuer import Shown
from backoffice.errors import WrongCard
from backoffice.issuing import repository, steps
from backoffice.issuing.certificates import Content
from backoffice.issuing.desk import JobDesk, Nudged
from backoffice.issuing.writing import write_card
from backoffice.models import Card

REJECTS_MAX = 50
"""So many unusable cards in a row: somebody put the wrong box on the desk."""

MakeContent = Callable[[Card, bytes], Content]


def write_all(desk: JobDesk, content_for: MakeContent) -> None:
    """Ends when nothing is planned and nothing is torn."""
    last_uid, rejected, tap_again = b"", 0, False
    while (step := _next_step(desk)) is not None:
        try:
            shown = desk.ask(steps.TAP_AGAIN if tap_again else step, not_uid=last_uid)
        except Nudged:
            continue
        card, why = _card_for(desk, shown)
        if card is None:
            last_uid, rejected, tap_again = shown.uid, rejected + 1, False
            _reject(desk, shown, why, rejected)
            continue
        rejected = 0
        if write_card(desk, card.id or 0, shown, content_for(card, shown.uid)):
            last_uid, tap_again = shown.uid, False
        else:
            last_uid, tap_again = b"", _is_torn(desk, card.id or 0)
            desk.rest()


def _next_step(desk: JobDesk) -> str | None:
    """What to ask for; None when the order is complete."""
    with desk.reading() as session:
        if repository.next_planned(session, desk.job_id) is not None:
            return steps.SHOW_BLANK
        return steps.SHOW_TORN if repository.cards_in(session, desk.job_id, cards.TORN) else None


def _is_torn(desk: JobDesk, card_id: int) -> bool:
    with desk.reading() as session:
        return cards.get(session, card_id).state == cards.TORN


def _card_for(desk: JobDesk, shown: Shown) -> tuple[Card | None, str]:
    """Which content belongs on this plastic, or why none does."""
    with desk.reading() as session:
        live = cards.live_on(session, shown.uid)
        if live is not None:
            return _known(desk, live)
        return _new(session, desk, shown)


def _known(desk: JobDesk, live: Card) -> tuple[Card | None, str]:
    if live.job_id == desk.job_id and live.state == cards.TORN:
        return live, ""
    return None, "already_written" if live.state == cards.WRITTEN else "other_job"


def _new(session: Session, desk: JobDesk, shown: Shown) -> tuple[Card | None, str]:
    if shown.kind != "blank":
        return None, f"not_blank:{shown.kind}"
    planned = repository.next_planned(session, desk.job_id)
    return planned, "" if planned is not None else "only_torn_left"


def _reject(desk: JobDesk, shown: Shown, why: str, rejected: int) -> None:
    desk.tell(steps.REJECTED, uid=shown.uid.hex(), reason=why)
    if rejected >= REJECTS_MAX:
        raise WrongCard(f"{rejected} cards in a row could not be used: {why}")
    desk.rest()
