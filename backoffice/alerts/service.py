"""Alerts: raised once, counted when they come again, acknowledged and cleared by people or by the facts."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from backoffice.accounts.roles import Viewer
from backoffice.alerts import repository
from backoffice.alerts.kinds import SEVERITY, Kind
from backoffice.alerts.schemas import AlertFilter
from backoffice.errors import NotFound
from backoffice.events.broker import Broker, Event
from backoffice.models import Alert
from backoffice.pagination import CursorRequest

MESSAGE_MAX_CHARS = 400


def raise_alert(
    session: Session,
    broker: Broker,
    kind: Kind,
    message: str,
    now: int,
    *,
    subject: str = "",
    machine_id: int | None = None,
    institution_id: int | None = None,
    detail: dict[str, Any] | None = None,
) -> Alert:
    """Raise an alert. The same kind for the same machine and subject counts up until it is cleared."""
    key = dedupe_key(kind, machine_id, subject)
    alert = repository.open_by_key(session, key)
    if alert is not None:
        alert.count += 1
        alert.last_at = now
        alert.message, alert.detail = message[:MESSAGE_MAX_CHARS], detail or {}
        repository.save(session)
    else:
        alert = Alert(
            kind=kind.value,
            severity=SEVERITY[kind].value,
            dedupe_key=key,
            machine_id=machine_id,
            institution_id=institution_id,
            message=message[:MESSAGE_MAX_CHARS],
            detail=detail or {},
            raised_at=now,
            last_at=now,
        )
        repository.add(session, alert)
    _tell(session, broker, alert)
    return alert


def clear_fact(
    session: Session, broker: Broker, kind: Kind, now: int, *, machine_id: int | None, subject: str = ""
) -> None:
    """Clear an alert because what it said is no longer so."""
    alert = repository.open_by_key(session, dedupe_key(kind, machine_id, subject))
    if alert is not None:
        alert.cleared_at = now
        repository.save(session)
        _tell(session, broker, alert)


def is_raised(session: Session, kind: Kind, *, machine_id: int | None, subject: str = "") -> bool:
    """Whether this alert is open."""
    return repository.open_by_key(session, dedupe_key(kind, machine_id, subject)) is not None


def dedupe_key(kind: Kind, machine_id: int | None, subject: str) -> str:
    """What makes two alerts the same."""
    return f"{kind.value}:{machine_id or 0}:{subject}"


def acknowledge(session: Session, broker: Broker, viewer: Viewer, alert_id: int, now: int) -> Alert:
    """Say that somebody has seen it."""
    alert = _get(session, viewer, alert_id)
    if alert.acknowledged_at is None:
        alert.acknowledged_at, alert.acknowledged_by = now, viewer.user_id
        _tell(session, broker, alert)
    return alert


def clear(session: Session, broker: Broker, viewer: Viewer, alert_id: int, now: int) -> Alert:
    """Say that it is dealt with; it counts as seen, too."""
    alert = acknowledge(session, broker, viewer, alert_id, now)
    if alert.cleared_at is None:
        alert.cleared_at, alert.cleared_by = now, viewer.user_id
        _tell(session, broker, alert)
    return alert


def page_of(
    session: Session, viewer: Viewer, wanted: AlertFilter, machine_id: int | None, page: CursorRequest
) -> Sequence[Alert]:
    """The alerts that the viewer may see, worst first."""
    return repository.page_of(session, viewer.institution_ids, wanted, machine_id, page)


def _get(session: Session, viewer: Viewer, alert_id: int) -> Alert:
    alert = repository.get(session, alert_id)
    if alert is None or not viewer.sees(alert.institution_id):
        raise NotFound("there is no such alert")
    return alert


def _tell(session: Session, broker: Broker, alert: Alert) -> None:
    data = {
        "id": alert.id,
        "kind": alert.kind,
        "severity": alert.severity,
        "machine_id": alert.machine_id,
        "message": alert.message,
        "cleared": alert.cleared_at is not None,
    }
    broker.publish_after_commit(session, Event("alert", data, alert.institution_id))
