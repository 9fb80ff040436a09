"""What is left from reports that met something broken, done now and then: not urgent, and never forgotten."""

from sqlalchemy import Engine

from backoffice import logs
from backoffice.db import transaction
from backoffice.events.broker import Broker
from backoffice.ingest import deferral, provisional
from backoffice.timekeeping.rule import Believed

log = logs.get(__name__)


def do(engine: Engine, broker: Broker, time: Believed) -> None:
    """One bounded round. What fails is logged and left to the next."""
    try:
        deferral.work_out_some(engine, broker, time)
    except Exception as error:
        log.error("deferred_not_read", exc_info=error)
    try:
        with transaction(engine, first=True) as session:
            provisional.count_again(session, broker, time.now)
    except Exception as error:
        log.error("days_not_counted_again", exc_info=error)
