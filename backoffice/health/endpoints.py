"""The health endpoint, for whatever watches the server."""

from typing import Literal

from fastapi import Response
from pydantic import BaseModel, ConfigDict

from backoffice.accounts.access import AdministratorDep
from backoffice.deps import ContextDep
from backoffice.routing import Router

router = Router(tags=["health"])

UNWELL_STATUS = 503


class HealthRead(BaseModel):
    """Is the back office well? Says nothing that a stranger may not know."""

    status: Literal["well", "unwell"]
    database: Literal["well", "unwell"]
    ingest: Literal["well", "unwell"]
    reports_waiting: int
    workers: dict[str, Literal["well", "unwell"]]
    """Long-running work by name. Why it is unwell is in the log; how often it failed, an administrator may ask."""


class WorkerRead(BaseModel):
    """One piece of long-running work."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    well: bool
    failures: int
    """Since the server started, for reasons that nobody foresaw."""
    last_failure: str
    """Its kind; the log has the rest."""


@router.get("/health", responses={UNWELL_STATUS: {"model": HealthRead}})
async def read_health(context: ContextDep, response: Response) -> HealthRead:
    """Is the back office well? 200 when it is, 503 when it is not. Needs no login, and waits for nothing."""
    database = await context.pulse.beats()
    ingest = context.ingest.writer.healthy
    workers = context.workers.states()
    well = database and ingest and all(worker.well for worker in workers)
    if not well:
        response.status_code = UNWELL_STATUS
    return HealthRead(
        status=_said(well),
        database=_said(database),
        ingest=_said(ingest),
        reports_waiting=context.ingest.writer.waiting,
        workers={worker.name: _said(worker.well) for worker in workers},
    )


@router.get("/api/v1/workers")
def read_workers(_viewer: AdministratorDep, context: ContextDep) -> list[WorkerRead]:
    """How each piece of long-running work is, and how often it failed since the server started."""
    return [WorkerRead.model_validate(worker) for worker in context.workers.states()]


def _said(well: bool) -> Literal["well", "unwell"]:
    return "well" if well else "unwell"
