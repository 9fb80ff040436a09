"""Cards: how far each level has come, the stock at the institutions, single cards."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from starlette.responses import HTMLResponse

from backoffice.accounts.roles import STAFF
from backoffice.models import Institution
from backoffice.routing import Router
from backoffice.web.page import Desk, DeskDep
from backoffice.web.pages.filters import (
    ROWS_A_PAGE,
    NewerDep,
    OlderDep,
    OptionalNumber,
    all_choices,
    cursor_pager,
    institution_choices,
)
from backoffice.web.reads import jobs, places, stock
from backoffice.web.reads.stock import Batches, CardFilter
from backoffice.web.views import Choice, Stock
from backoffice.web.wording import CARD_LEVELS, CARD_NAMES, CARD_STATES, REASONS, spoken, spoken_states

STOCKS_SHOWN = 50

router = Router(prefix="/cards", include_in_schema=False)


@router.get("")
def cards(
    desk: DeskDep,
    older_than: OlderDep,
    newer_than: NewerDep,
    institution: OptionalNumber = None,
    batch: OptionalNumber = None,
    state: Annotated[str, Query(max_length=16)] = "",
) -> HTMLResponse:
    institutions = places.institutions(desk.session, desk.viewer.institution_ids)
    visible = None if desk.viewer.institution_ids is None else frozenset(row.code for row in institutions)
    wanted = CardFilter(visible, institution, batch, state)
    shown = stock.cards(desk.session, wanted, ROWS_A_PAGE, older_than, newer_than)
    batches = stock.batches(desk.session, CardFilter(visible, institution))
    stocks = _stocks(institutions, stock.stock_by_code(desk.session, [row.code for row in institutions], desk.now))
    query = {"institution": institution, "batch": batch, "state": state}
    return desk.page(
        "pages/cards.html",
        "cards",
        levels=stock.levels(desk.session) if desk.viewer.role in STAFF else [],
        level_names=spoken(desk.words, CARD_LEVELS),
        stocks=stocks[:STOCKS_SHOWN],
        stocks_total=len(stocks),
        batches=batches,
        cards=shown.rows,
        pages=cursor_pager("/cards", shown.newer_than, shown.older_than, **query),
        card_names=spoken(desk.words, CARD_NAMES),
        card_states=spoken_states(desk.words),
        reason_names=spoken(desk.words, REASONS),
        filtered=any(value not in ("", None) for value in query.values()),
        weak_medium=desk.may_issue and jobs.weak_cards_exist(desk.session),
        institution="" if institution is None else str(institution),
        institution_choices=institution_choices(desk, institution),
        batch="" if batch is None else str(batch),
        batch_choices=_batch_choices(desk, batches, batch),
        state=state,
        state_choices=[
            Choice(desk.words.gettext("All"), ""),
            *(Choice(words, code) for code, (_tone, words) in spoken_states(desk.words).items() if code in CARD_STATES),
        ],
    )


def _stocks(institutions: Sequence[Institution], stocks: dict[int, Stock]) -> list[tuple[str, int, Stock]]:
    """The institution that runs out first stands first."""
    named = [(row.name, row.code, stocks[row.code]) for row in institutions if row.code in stocks]
    return sorted(named, key=lambda row: (row[2].days_left is None, row[2].days_left or 0, row[0]))


def _batch_choices(desk: Desk, batches: Batches, chosen: int | None) -> list[Choice]:
    choices = [Choice(f"{row.institution or row.id} {row.number}", str(row.id)) for row in batches.rows]
    if chosen is not None and str(chosen) not in {choice.value for choice in choices}:
        choices.append(Choice(str(chosen), str(chosen)))
    return all_choices(desk, choices, batches.total - len(batches.rows))
