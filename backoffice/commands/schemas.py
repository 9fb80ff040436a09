"""What the commands API takes and gives."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from backoffice.institutions.schemas import U32_MAX

U32 = Annotated[int, Field(ge=0, le=U32_MAX)]
ScreenText = Annotated[str, StringConstraints(max_length=60)]


class CommandState(StrEnum):
    """How far a command came. Stored as its text; never renamed."""

    QUEUED = "queued"
    SENT = "sent"
    """It was in at least one ack; the machine has not journalled it yet."""
    DONE = "done"
    FAILED = "failed"
    """The machine journalled that it could not."""
    CANCELLED = "cancelled"


class RevokeBatch(BaseModel):
    """Accept no card of a batch any more."""

    batch: U32


class OneCredit(BaseModel):
    """A credit of a batch."""

    batch: U32
    credit: U32


class Lock(BaseModel):
    """Grant nothing until unlocked."""

    text: ScreenText = ""


class SettingsChange(BaseModel):
    """Settings of the machine to change."""

    settings: Annotated[dict[Annotated[str, StringConstraints(max_length=32)], bool | int | str], Field(max_length=16)]


class CommandRead(BaseModel):
    """A command."""

    id: int
    machine_id: int
    kind: str
    args: list[Any]
    state: CommandState
    created_by: int | None
    created_at: int
    sent_at: int | None
    sent_count: int
    done_at: int | None
