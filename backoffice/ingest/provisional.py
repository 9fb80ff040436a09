"""Days that were counted in UTC because a time zone was not known: counted again as soon as it is."""

from sqlmodel import Session

from backoffice.alerts import service as alerts
from backoffice.alerts.kinds import Kind
from backoffice.clock import day_at
from backoffice.days import is_known
from backoffice.events.broker import Broker
from backoffice.ingest import repository

ROWS_A_ROUND = 2000


def count_again(session: Session, broker: Broker, now: int) -> None:
    """One bounded round over the institutions with provisional days."""
    for institution_id, timezone in repository.places_with_provisional_days(session):
        if not is_known(timezone):
            continue
        rows = repository.provisional_days(session, institution_id, ROWS_A_ROUND)
        repository.set_days(session, [(number, day_at(time_s, timezone)) for number, time_s in rows])
        if len(rows) < ROWS_A_ROUND:
            alerts.clear_fact(session, broker, Kind.ZONE_UNKNOWN, now, machine_id=None, subject=str(institution_id))
