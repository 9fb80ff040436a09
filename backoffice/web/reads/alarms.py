"""Alerts, worst first."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlmodel import Session, col

from backoffice.alerts.repository import streams
from backoffice.models import Alert, Institution, Machine, User
from backoffice.pagination import Cursor
from backoffice.web.reads import AnySelect
from backoffice.web.reads.slices import Order, Slice
from backoffice.web.views import AlertRow

OPEN_COUNTED_MAX = 1000
PLACE_NUMBERS = 3
_ORDER = Order((col(Alert.severity), col(Alert.last_at), col(Alert.id)))


def open_count(session: Session, visible: frozenset[int] | None) -> int:
    """Alerts that nobody has acknowledged, counted up to OPEN_COUNTED_MAX."""
    found = 0
    for stream in streams(visible, ("open",), None):
        some = select(col(Alert.id)).where(*stream).limit(OPEN_COUNTED_MAX - found).subquery()
        found += int(session.scalar(select(func.count()).select_from(some)) or 0)
    return found


def listed(
    session: Session,
    visible: frozenset[int] | None,
    state: str,
    limit: int,
    older_than: Cursor | None = None,
    newer_than: Cursor | None = None,
    *,
    machine_id: int | None = None,
) -> Slice[AlertRow]:
    """Alerts in one state ("active": open or acknowledged), worst first, then the latest."""
    states = ("open", "acknowledged") if state == "active" else (state,)
    found = _ORDER.slice_of(session, streams(visible, states, machine_id), limit, older_than, newer_than)
    return found.showing(lambda places: _rows(session, [number for _severity, _last, number in places]))


def _rows(session: Session, ids: Sequence[int]) -> list[AlertRow]:
    """The rows of these alerts, in this order."""
    query: AnySelect = (
        select(Alert, Machine, Institution, User)
        .join(Machine, col(Machine.id) == col(Alert.machine_id), isouter=True)
        .join(Institution, col(Institution.id) == col(Alert.institution_id), isouter=True)
        .join(User, col(User.id) == col(Alert.acknowledged_by), isouter=True)
        .where(col(Alert.id).in_(ids))
    )
    found = {row[0].id: _row(*row) for row in session.execute(query)}
    return [found[number] for number in ids]


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
