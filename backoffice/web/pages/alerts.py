"""Alerts: worst first, acknowledged and cleared by a person."""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice.accounts.access import IssuerDep
from backoffice.alerts import service as alert_service
from backoffice.deps import BrokerDep
from backoffice.web.page import Desk, DeskDep, safe_next
from backoffice.web.pages.filters import ROWS_A_PAGE, NumberInPath, OffsetDep, pager
from backoffice.web.reads import alarms, exams
from backoffice.web.views import Choice, address
from backoffice.web.wording import ALERTS, spoken

router = APIRouter(prefix="/alerts", include_in_schema=False)

DOUBTS_SHOWN = 50

ToForm = Annotated[str, Form(max_length=1000)]


@router.get("")
def alerts(
    desk: DeskDep, offset: OffsetDep, state: Annotated[str, Query(pattern="^(open|acknowledged|cleared)$")] = "open"
) -> HTMLResponse:
    rows = alarms.listed(desk.session, desk.viewer.institution_ids, state, ROWS_A_PAGE + 1, offset)
    return desk.page(
        "pages/alerts.html",
        "alerts",
        state=state,
        state_choices=_state_choices(desk),
        alerts=rows[:ROWS_A_PAGE],
        pages=pager("/alerts", offset, len(rows), state=state),
        alert_titles=spoken(desk.words, ALERTS),
        doubts=exams.in_doubt(desk.session, desk.viewer.institution_ids, DOUBTS_SHOWN) if state == "open" else [],
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
