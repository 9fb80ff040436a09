"""HTTP: the registry of every card."""

from typing import Annotated

from fastapi import Path, Query

from backoffice.accounts.access import IssuerDep
from backoffice.cards import provenance, repository, service
from backoffice.cards.repository import EVENTS_SHOWN
from backoffice.cards.schemas import CardEventRead, CardHistory, CardRead, Provenance
from backoffice.deps import SessionDep
from backoffice.pagination import CursorDep, Page, make_cursor_page
from backoffice.routing import Router

router = Router(prefix="/api/v1/cards", tags=["cards"])

Word = Annotated[str | None, Query(max_length=20)]


@router.get("")
def list_cards(
    _viewer: IssuerDep,
    session: SessionDep,
    page: CursorDep,
    level: Word = None,
    state: Word = None,
    batch_id: Annotated[int | None, Query(ge=1)] = None,
    uid: Word = None,
) -> Page[CardRead]:
    """Cards, newest first."""
    rows = service.page_of(session, page, level, state, batch_id, uid)
    return make_cursor_page(rows, page, CardRead.of, repository.place)


@router.get("/{card_id}")
def get_card(card_id: int, _viewer: IssuerDep, session: SessionDep) -> CardHistory:
    """A card and what became of it."""
    events = service.events_of(session, card_id)
    return CardHistory(
        card=CardRead.of(service.get(session, card_id)),
        events=[CardEventRead.model_validate(event, from_attributes=True) for event in events[:EVENTS_SHOWN]],
        more_events=len(events) > EVENTS_SHOWN,
    )


@router.get("/credits/{credit}")
def get_provenance(
    credit: Annotated[int, Path(ge=1, le=0xFFFFFFFF)], _viewer: IssuerDep, session: SessionDep
) -> Provenance:
    """Where one credit comes from and what became of it."""
    return provenance.of_credit(session, credit)
