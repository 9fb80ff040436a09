"""What the alerts API takes and gives."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel


class AlertFilter(StrEnum):
    """Which alerts are wanted."""

    OPEN = "open"
    """Not cleared."""
    UNACKNOWLEDGED = "unacknowledged"
    CLEARED = "cleared"
    ALL = "all"


class AlertRead(BaseModel):
    """An alert."""

    id: int
    kind: str
    severity: int
    """1 info, 2 warning, 3 critical."""
    machine_id: int | None
    institution_id: int | None
    message: str
    detail: dict[str, Any]
    count: int
    raised_at: int
    last_at: int
    acknowledged_at: int | None
    acknowledged_by: int | None
    cleared_at: int | None
    cleared_by: int | None
