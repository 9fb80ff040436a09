"""The health endpoint, for whatever watches the server."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy.exc import DatabaseError

from backoffice.deps import ContextDep
from backoffice.health import repository

router = APIRouter(tags=["health"])

UNWELL_STATUS = 503


class HealthRead(BaseModel):
    """Is the back office well? Says nothing that a stranger may not know."""

    status: Literal["well", "unwell"]
    database: Literal["well", "unwell"]
    ingest: Literal["well", "unwell"]
    reports_waiting: int


@router.get("/health", responses={UNWELL_STATUS: {"model": HealthRead}})
def read_health(context: ContextDep, response: Response) -> HealthRead:
    """Is the back office well? 200 when it is, 503 when it is not. Needs no login."""
    database = _database_works(context)
    ingest = context.ingest.writer.healthy
    if not (database and ingest):
        response.status_code = UNWELL_STATUS
    return HealthRead(
        status="well" if database and ingest else "unwell",
        database="well" if database else "unwell",
        ingest="well" if ingest else "unwell",
        reports_waiting=context.ingest.writer.waiting,
    )


def _database_works(context: ContextDep) -> bool:
    try:
        repository.read_something(context.engine)
    except DatabaseError:
        return False
    return True
