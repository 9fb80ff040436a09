"""The health endpoint, for whatever watches the server.

Most who ask are answered at the door, out of the same words (``backoffice.serving.porter``).
"""

from fastapi import Response

from backoffice.accounts.access import AdministratorDep
from backoffice.deps import ContextDep
from backoffice.health import service
from backoffice.health.schemas import HealthRead, WorkerRead
from backoffice.routing import Router

router = Router(tags=["health"])

UNWELL_STATUS = 503


@router.get("/health", responses={UNWELL_STATUS: {"model": HealthRead}})
async def read_health(context: ContextDep, response: Response) -> HealthRead:
    """Is the back office well? 200 when it is, 503 when it is not. Needs no login, and waits for nothing."""
    found = service.state(context, await context.pulse.beats())
    if found.status != "well":
        response.status_code = UNWELL_STATUS
    return found


@router.get("/api/v1/workers")
def read_workers(_viewer: AdministratorDep, context: ContextDep) -> list[WorkerRead]:
    """How each piece of long-running work is, and how often it failed since the server started."""
    return [WorkerRead.model_validate(worker) for worker in context.workers.states()]
