"""What the back office says of itself."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Well = Literal["well", "unwell"]


class HealthRead(BaseModel):
    """Is the back office well? Says nothing that a stranger may not know."""

    status: Well
    database: Well
    ingest: Well
    reports_waiting: int
    workers: dict[str, Well]
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
