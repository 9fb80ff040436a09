"""Looks now and then for what no report tells: machines that have fallen silent."""

import asyncio
from typing import TYPE_CHECKING

from sqlmodel import Session

from backoffice import logs
from backoffice.alerts import repository, service
from backoffice.alerts.kinds import Kind
from backoffice.db import STORAGE_TROUBLE, storage_error, transaction
from backoffice.events.broker import Broker
from backoffice.ingest.health import SILENT_INTERVALS
from backoffice.supervision import Worker
from backoffice.timekeeping import service as timekeeping

if TYPE_CHECKING:
    from backoffice.context import Context

log = logs.get(__name__)

ROUND_INTERVAL_S = 60
SILENT_MAX_S = 10 * ROUND_INTERVAL_S
"""A watch that has looked for nothing for so long hangs."""
MACHINES_AT_ONCE = 200


def start(context: "Context") -> list[asyncio.Task[None]]:
    """Look again and again until cancelled."""
    worker = context.workers.add("watch", SILENT_MAX_S)
    return [worker.start_task(lambda: run(context, worker))]


async def run(context: "Context", worker: Worker) -> None:
    """Round after round. One that the database refuses is logged and left to the next."""
    while True:
        with worker.round():
            try:
                await asyncio.to_thread(look, context)
            except STORAGE_TROUBLE as error:
                log.error("watch_failed", code=storage_error(error).code, exc_info=error)
        await asyncio.sleep(ROUND_INTERVAL_S)


def look(context: "Context") -> None:
    """One round: as many transactions as it takes, each so short that reports need not wait for it.

    Whether a machine is silent is asked of the believed time, not of a clock that may be wrong.
    """
    with transaction(context.database.background) as session:
        now = timekeeping.look_round(session, context.broker, context.clock()).now
    told = MACHINES_AT_ONCE
    while told == MACHINES_AT_ONCE:
        with transaction(context.database.background) as session:
            told = raise_for_silent(session, context.broker, now)


def raise_for_silent(session: Session, broker: Broker, now: int) -> int:
    """Raise an alert for the next machines that have become silent; how many they were, at most MACHINES_AT_ONCE.

    Each clears itself with the machine's next report.
    """
    silent = repository.newly_silent(session, now, SILENT_INTERVALS, MACHINES_AT_ONCE)
    for machine in silent:
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
    return len(silent)


def in_words(span_s: int) -> str:
    """A span of time as a person says it."""
    parts = ((span_s // 3600, "h"), (span_s % 3600 // 60, "min"), (span_s % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
