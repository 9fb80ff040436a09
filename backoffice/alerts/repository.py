"""Queries of the alerts domain."""

from collections.abc import Collection, Sequence
from itertools import product
from typing import Any

from sqlalchemy import String, cast, exists, func, tuple_
from sqlmodel import Session, col, select

from backoffice.alerts.kinds import Kind
from backoffice.alerts.schemas import AlertFilter
from backoffice.machines.schemas import MachineRole, MachineState
from backoffice.models import Alert, Machine
from backoffice.pagination import Cursor, CursorRequest, merged

STATES = {
    AlertFilter.OPEN: ("open", "acknowledged"),
    AlertFilter.UNACKNOWLEDGED: ("open",),
    AlertFilter.CLEARED: ("cleared",),
    AlertFilter.ALL: ("open", "acknowledged", "cleared"),
}


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


def newly_silent(session: Session, now: int, intervals: int, limit: int) -> Sequence[Machine]:
    """Machines in use that were silent for more than so many of their own report intervals and of which no alert says
    so, the longest silent first. Those that were told of are no part of this list: it ends when it has been worked off.
    """
    seen = func.coalesce(Machine.last_seen_at, Machine.registered_at)
    key = f"{Kind.MACHINE_SILENT.value}:" + cast(col(Machine.id), String) + ":"  # service.dedupe_key
    told = exists().where(col(Alert.dedupe_key) == key, col(Alert.cleared_at).is_(None))
    query = select(Machine).where(
        Machine.state != MachineState.RETIRED.value,
        Machine.role == MachineRole.SWIPE.value,
        seen + col(Machine.report_interval_s) * intervals < now,
        ~told,
    )
    return session.exec(query.order_by(seen, col(Machine.id)).limit(limit)).all()


def place(alert: Alert) -> Cursor:
    """Where an alert stands in a list: worst first, then the latest."""
    return alert.severity, alert.last_at, alert.id or 0


def page_of(
    session: Session,
    visible: Collection[int] | None,
    wanted: AlertFilter,
    machine_id: int | None,
    page: CursorRequest,
) -> Sequence[Alert]:
    """Alerts, worst first, then the latest; only those of visible institutions unless that is None."""
    order = (col(Alert.severity), col(Alert.last_at), col(Alert.id))
    query = select(Alert).order_by(*(column.desc() for column in order)).limit(page.limit + 1)
    if after := page.after(len(order)):
        query = query.where(tuple_(*order) < after)
    lists = (session.exec(query.where(*stream)).all() for stream in streams(visible, STATES[wanted], machine_id))
    return merged(lists, place, page.limit + 1)


def streams(visible: Collection[int] | None, states: Sequence[str], machine_id: int | None) -> list[list[Any]]:
    """The lists of which the wanted one is made, each in the order of an index: one for each state, of a machine, of an
    institution or of everything.
    """
    state = col(Alert.state)
    if machine_id is not None:
        among = [] if visible is None else [col(Alert.institution_id).in_(visible)]
        return [[col(Alert.machine_id) == machine_id, state == one, *among] for one in states]
    if visible is not None:
        return [[col(Alert.institution_id) == place, state == one] for place, one in product(visible, states)]
    return [[state == one] for one in states]
