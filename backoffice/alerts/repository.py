"""Queries of the alerts domain."""

from collections.abc import Collection, Sequence

from sqlmodel import Session, col, select

from backoffice.alerts.schemas import AlertFilter
from backoffice.models import Alert
from backoffice.pagination import PageRequest


def add(session: Session, alert: Alert) -> None:
    """Store an alert; gives it its id."""
    session.add(alert)
    session.flush()


def save(session: Session) -> None:
    """Send changes of alerts to the database, in case core statements follow."""
    session.flush()


def get(session: Session, alert_id: int) -> Alert | None:
    """One alert."""
    return session.get(Alert, alert_id)


def open_by_key(session: Session, dedupe_key: str) -> Alert | None:
    """The alert of that key that is not cleared."""
    return session.exec(select(Alert).where(Alert.dedupe_key == dedupe_key, col(Alert.cleared_at).is_(None))).first()


def page_of(
    session: Session,
    visible: Collection[int] | None,
    wanted: AlertFilter,
    machine_id: int | None,
    page: PageRequest,
) -> Sequence[Alert]:
    """Alerts, worst first, then newest; only those of visible institutions unless that is None."""
    query = select(Alert).order_by(col(Alert.severity).desc(), col(Alert.last_at).desc(), col(Alert.id).desc())
    if visible is not None:
        query = query.where(col(Alert.institution_id).in_(visible))
    if machine_id is not None:
        query = query.where(Alert.machine_id == machine_id)
    if wanted in (AlertFilter.OPEN, AlertFilter.UNACKNOWLEDGED):
        query = query.where(col(Alert.cleared_at).is_(None))
    if wanted is AlertFilter.UNACKNOWLEDGED:
        query = query.where(col(Alert.acknowledged_at).is_(None))
    if wanted is AlertFilter.CLEARED:
        query = query.where(col(Alert.cleared_at).is_not(None))
    return session.exec(query.offset(page.offset).limit(page.limit + 1)).all()
