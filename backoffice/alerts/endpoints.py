"""The alerts API."""

from typing import Annotated

from fastapi import Query

from backoffice.accounts.access import IssuerDep, ViewerDep
from backoffice.alerts import repository, service
from backoffice.alerts.schemas import AlertFilter, AlertRead
from backoffice.deps import BrokerDep, NowDep, SessionDep
from backoffice.models import Alert
from backoffice.pagination import CursorDep, Page, make_cursor_page
from backoffice.routing import Router

router = Router(prefix="/api/v1/alerts", tags=["alerts"])


@router.get("")
def list_alerts(
    viewer: ViewerDep,
    session: SessionDep,
    page: CursorDep,
    show: Annotated[AlertFilter, Query()] = AlertFilter.OPEN,
    machine_id: Annotated[int | None, Query()] = None,
) -> Page[AlertRead]:
    """The alerts that one may see, worst first."""
    return make_cursor_page(service.page_of(session, viewer, show, machine_id, page), page, read, repository.place)


@router.post("/{alert_id}/acknowledge")
def acknowledge_alert(
    alert_id: int, viewer: IssuerDep, session: SessionDep, broker: BrokerDep, now: NowDep
) -> AlertRead:
    """Say that one has seen it."""
    return read(service.acknowledge(session, broker, viewer, alert_id, now))


@router.post("/{alert_id}/clear")
def clear_alert(alert_id: int, viewer: IssuerDep, session: SessionDep, broker: BrokerDep, now: NowDep) -> AlertRead:
    """Say that it is dealt with."""
    return read(service.clear(session, broker, viewer, alert_id, now))


def read(alert: Alert) -> AlertRead:
    """An alert as the API shows it."""
    return AlertRead.model_validate(alert, from_attributes=True)
