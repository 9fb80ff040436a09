"""The believed time: asked for by whoever tells a machine the time, raised by the server's clock and by witnesses."""

from collections.abc import Mapping

from sqlmodel import Session

from backoffice.alerts import service as alerts
from backoffice.alerts.kinds import Kind
from backoffice.events.broker import Broker
from backoffice.timekeeping import repository
from backoffice.timekeeping.rule import Believed, attested, believe

STEP_S = 60
"""The newest believed time is written down when it rose by so much: not with every report."""


def ask(session: Session, clock: int) -> Believed:
    """What to count with now. Reads only."""
    return believe(clock, repository.newest(session)[0])


def look(session: Session, clock: int, shown: Mapping[int, int]) -> Believed:
    """The same, and what is newer is remembered. ``shown``: times of which machines were sure, by machine."""
    newest, by_clock = repository.newest(session)
    believed = believe(clock, newest)
    if believed.sure:
        if believed.now >= newest + STEP_S:
            repository.remember(session, believed.now, believed.now)
        return believed
    later = attested(shown, newest, by_clock)
    if later > newest:
        repository.remember(session, later, by_clock)
    return believe(clock, later)


def tell(session: Session, broker: Broker, clock: int, believed: Believed) -> None:
    """Raise or clear the alert about the server's clock."""
    if believed.sure:
        alerts.clear_fact(session, broker, Kind.SERVER_CLOCK, believed.now, machine_id=None)
        return
    off_s = clock - believed.now
    message = f"The server's clock is {abs(off_s)} s {'behind' if off_s < 0 else 'ahead of'} what was believed before."
    detail = {"clock": clock, "believed": believed.now}
    alerts.raise_alert(session, broker, Kind.SERVER_CLOCK, message, believed.now, detail=detail)


def look_round(session: Session, broker: Broker, clock: int) -> Believed:
    """Look now and then, whether machines report or not."""
    believed = look(session, clock, {})
    if believed.sure == alerts.is_raised(session, Kind.SERVER_CLOCK, machine_id=None):
        tell(session, broker, clock, believed)
    return believed


def confirm(session: Session, clock: int) -> None:
    """A person says that the server's clock is right, whatever was believed before."""
    repository.remember(session, clock, clock)
