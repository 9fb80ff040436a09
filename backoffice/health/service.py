"""How the back office is."""

from backoffice.context import Context
from backoffice.health.schemas import HealthRead, Well


def state(context: Context, database_answers: bool) -> HealthRead:
    """All that is looked at, now."""
    ingest = context.ingest.writer.healthy
    workers = context.workers.states()
    return HealthRead(
        status=_said(database_answers and ingest and all(worker.well for worker in workers)),
        database=_said(database_answers),
        ingest=_said(ingest),
        reports_waiting=context.ingest.writer.waiting,
        workers={worker.name: _said(worker.well) for worker in workers},
    )


def _said(well: bool) -> Well:
    return "well" if well else "unwell"
