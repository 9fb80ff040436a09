"""Alerts: worst first, acknowledged and cleared by a person."""

from typing import Annotated

from fastapi import Form, Query
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice.accounts.access import IssuerDep
from backoffice.alerts import service as alert_service
from backoffice.deps import BrokerDep
from backoffice.pagination import cursor_text
from backoffice.routing import Router
from backoffice.web.page import Desk, DeskDep, safe_next
from backoffice.web.pages.filters import ROWS_A_PAGE, BetterDep, NumberInPath, WorseDep
from backoffice.web.reads import alarms, exams, machines
from backoffice.web.reads.machines import MachineFilter
from backoffice.web.reads.slices import Slice
from backoffice.web.views import UNHEARD, AlertRow, Choice, Pager, address
from backoffice.web.wording import ALERTS, spoken

router = Router(prefix="/alerts", include_in_schema=False)

DOUBTS_SHOWN = 50

ToForm = Annotated[str, Form(max_length=1000)]


@router.get("")
def alerts(
    desk: DeskDep,
    worse_than: WorseDep,
    better_than: BetterDep,
    state: Annotated[str, Query(pattern="^(open|acknowledged|cleared)$")] = "open",
) -> HTMLResponse:
    visible = desk.viewer.institution_ids
    shown = alarms.listed(desk.session, visible, state, ROWS_A_PAGE, older_than=better_than, newer_than=worse_than)
    doubts = exams.in_doubt(desk.session, visible, DOUBTS_SHOWN) if state == "open" else []
    all_doubts = exams.in_doubt_count(desk.session, visible) if len(doubts) == DOUBTS_SHOWN else len(doubts)
    return desk.page(
        "pages/alerts.html",
        "alerts",
        state=state,
        state_choices=_state_choices(desk),
        alerts=shown.rows,
        pages=_pager(shown, state),
        alert_titles=spoken(desk.words, ALERTS),
        unheard=_unheard(desk),
        doubts=doubts,
        doubts_more=all_doubts - len(doubts),
    )


def _unheard(desk: Desk) -> int:
    """Machines that should report and do not: some may have fallen silent a moment ago, and no alert says so yet."""
    found = machines.by_presence(desk.session, MachineFilter(desk.viewer.institution_ids), desk.now)
    return sum(found.get(presence, 0) for presence in UNHEARD)


def _pager(shown: Slice[AlertRow], state: str) -> Pager:
    worse, better = shown.newer_than, shown.older_than
    return Pager(
        before=address("/alerts", state=state, worse_than=cursor_text(worse)) if worse else "",
        after=address("/alerts", state=state, better_than=cursor_text(better)) if better else "",
    )


def _state_choices(desk: Desk) -> list[Choice]:
    say = desk.words.gettext
    names = {"open": say("Open"), "acknowledged": say("Acknowledged"), "cleared": say("Cleared")}
    return [Choice(name, state, address("/alerts", state=state)) for state, name in names.items()]


@router.post("/{alert_id}/acknowledge")
def acknowledge(
    desk: DeskDep, _issuer: IssuerDep, broker: BrokerDep, alert_id: NumberInPath, to: ToForm = "/alerts"
) -> Response:
    alert_service.acknowledge(desk.session, broker, desk.viewer, alert_id, desk.now)
    return RedirectResponse(safe_next(to), 303)


@router.post("/{alert_id}/clear")
def clear(
    desk: DeskDep, _issuer: IssuerDep, broker: BrokerDep, alert_id: NumberInPath, to: ToForm = "/alerts"
) -> Response:
    alert_service.clear(desk.session, broker, desk.viewer, alert_id, desk.now)
    return RedirectResponse(safe_next(to), 303)
