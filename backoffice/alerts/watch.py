"""Looks now and then for what no report tells: machines that have fallen silent."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from backoffice import logs
from backoffice.alerts import service
from backoffice.alerts.kinds import Kind
from backoffice.db import storage_error, transaction
from backoffice.events.broker import Broker
from backoffice.ingest.health import SILENT_INTERVALS
from backoffice.machines import repository as machines
from backoffice.models import Machine

if TYPE_CHECKING:
    from backoffice.context import Context

log = logs.get(__name__)

ROUND_INTERVAL_S = 60
MACHINES_PER_ROUND = 200


async def run(context: "Context") -> None:
    """Look again and again until cancelled. A round that the database refuses is logged and left to the next."""
    while True:
        try:
            await asyncio.to_thread(look, context)
        except DatabaseError as error:
            log.error("watch_failed", code=storage_error(error).code, exc_info=error)
        await asyncio.sleep(ROUND_INTERVAL_S)


def look(context: "Context") -> None:
    """One round."""
    with transaction(context.engine) as session:
        raise_for_silent(session, context.broker, context.clock())


def raise_for_silent(session: Session, broker: Broker, now: int) -> None:
    """Raise an alert for every machine that has become silent. It clears itself with the machine's next report."""
    for machine in _newly_silent(session, now):
        since = f"for {in_words(now - machine.last_seen_at)}" if machine.last_seen_at else "since it was registered"
        message = f"Nothing {since}, although it should report every {in_words(machine.report_interval_s)}."
        detail = {"last_seen_at": machine.last_seen_at, "report_interval_s": machine.report_interval_s}
        service.raise_alert(
            session,
            broker,
            Kind.MACHINE_SILENT,
            message,
            now,
            machine_id=machine.id,
            institution_id=machine.institution_id,
            detail=detail,
        )


def in_words(span_s: int) -> str:
    """A span of time as a person says it."""
    parts = ((span_s // 3600, "h"), (span_s % 3600 // 60, "min"), (span_s % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def _newly_silent(session: Session, now: int) -> Sequence[Machine]:
    silent = machines.silent_since(session, now, SILENT_INTERVALS, MACHINES_PER_ROUND)
    return [machine for machine in silent if not service.is_raised(session, Kind.MACHINE_SILENT, machine_id=machine.id)]
