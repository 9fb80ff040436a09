"""What the usage API gives."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field


class GroupBy(StrEnum):
    """What usage is counted by."""

    DAY = "day"
    INSTITUTION = "institution"
    MACHINE = "machine"


class UsageFilter(BaseModel):
    """Which debits are wanted. Days are those of each clinic's own clock, both ends included."""

    first_day: date | None = None
    last_day: date | None = None
    institution_id: int | None = None
    machine_id: int | None = None
    disputed: bool | None = None


UsageFilterQuery = Annotated[UsageFilter, Query()]


class UsageRead(BaseModel):
    """One debit."""

    id: int
    machine_id: int
    epoch: int
    seq: int
    institution_id: int | None
    batch: int
    credit: int
    time: int
    time_quality: str
    day: str
    disputed: bool
    standing: str = Field(description='"counted", or why it does not count.')
    received_at: int


class UsageCount(BaseModel):
    """How many exams, by day, institution or machine; the other two are left out."""

    day: str | None = None
    institution_id: int | None = None
    machine_id: int | None = None
    exams: int = Field(description="Debits that count.")
    disputed: int = Field(description="How many of them are disputed.")
    uncounted: int = Field(0, description="Debits that are kept and do not count; not with `disputed`.")


class InDoubtRead(BaseModel):
    """An exam of which the machine knows only that it began."""

    machine_id: int
    epoch: int
    seq: int
    batch: int
    credit: int
    time: int
    received_at: int
