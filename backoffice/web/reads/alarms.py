"""Alerts, worst first."""

from sqlalchemy import func, select
from sqlmodel import Session, col

from backoffice.models import Alert, Institution, Machine, User
from backoffice.web.reads import AnySelect
from backoffice.web.views import AlertRow

STATES = ("open", "acknowledged", "cleared")


def open_count(session: Session, visible: frozenset[int] | None) -> int:
    """Alerts that nobody has acknowledged."""
    query = _visible(select(func.count()).select_from(Alert), visible)
    return int(session.scalar(_in_state(query, "open")) or 0)


def listed(
    session: Session,
    visible: frozenset[int] | None,
    state: str,
    limit: int,
    offset: int = 0,
    *,
    machine_id: int | None = None,
) -> list[AlertRow]:
    """Alerts in one state ("active": open or acknowledged), worst first, then the latest."""
    query: AnySelect = (
        select(Alert, Machine, Institution, User)
        .join(Machine, col(Machine.id) == col(Alert.machine_id), isouter=True)
        .join(Institution, col(Institution.id) == col(Alert.institution_id), isouter=True)
        .join(User, col(User.id) == col(Alert.acknowledged_by), isouter=True)
    )
    if machine_id is not None:
        query = query.where(col(Alert.machine_id) == machine_id)
    query = _in_state(_visible(query, visible), state).order_by(
        col(Alert.severity).desc(), col(Alert.last_at).desc(), col(Alert.id).desc()
    )
    return [_row(*found) for found in session.execute(query.offset(offset).limit(limit))]


def _visible(query: AnySelect, visible: frozenset[int] | None) -> AnySelect:
    return query if visible is None else query.where(col(Alert.institution_id).in_(visible))


def _in_state(query: AnySelect, state: str) -> AnySelect:
    if state == "cleared":
        return query.where(col(Alert.cleared_at).is_not(None))
    query = query.where(col(Alert.cleared_at).is_(None))
    if state == "open":
        return query.where(col(Alert.acknowledged_at).is_(None))
    if state == "acknowledged":
        return query.where(col(Alert.acknowledged_at).is_not(None))
    return query


def _row(alert: Alert, machine: Machine | None, institution: Institution | None, user: User | None) -> AlertRow:
    return AlertRow(
        id=alert.id or 0,
        kind=alert.kind,
        severity=alert.severity,
        message=alert.message,
        machine_id=alert.machine_id,
        machine=machine.name if machine else "",
        institution=institution.name if institution else "",
        count=alert.count,
        raised_at=alert.raised_at,
        last_at=alert.last_at,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=user.name if user else "",
        cleared_at=alert.cleared_at,
    )
