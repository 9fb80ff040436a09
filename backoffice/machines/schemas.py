"""What the machines API takes and gives."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from backoffice.institutions.schemas import U32_MAX, Name

MachineId = Annotated[int, Field(ge=1, le=U32_MAX)]
Epoch = Annotated[int, Field(ge=1, le=U32_MAX)]
ReportInterval = Annotated[int, Field(ge=10, le=30 * 86400)]


class MachineRole(StrEnum):
    """What a machine is. Stored as its text; never renamed."""

    SWIPE = "swipe"
    MASTER_ISSUER = "master_issuer"
    CHILD_ISSUER = "child_issuer"


class MachineState(StrEnum):
    """Whether a machine works. Stored as its text; never renamed."""

    ACTIVE = "active"
    LOCKED = "locked"
    RETIRED = "retired"


class MachineRegister(BaseModel):
    """A machine to register, before or while it is provisioned."""

    role: MachineRole
    name: Name
    machine_id: MachineId | None = None
    """The next free number when left out."""
    institution_id: int | None = None
    report_interval_s: ReportInterval | None = None
    unique_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{0,64}$")] = ""


class MachineUpdate(BaseModel):
    """Changes to a machine; what is left out stays."""

    name: Name | None = None
    institution_id: int | None = None
    report_interval_s: ReportInterval | None = None
    state: Literal[MachineState.RETIRED] | None = None
    """A retired machine stays retired. Locking is a command to the machine: see there."""


class MachineRead(BaseModel):
    """A machine."""

    id: int
    name: str
    role: MachineRole
    state: MachineState
    epoch: int
    institution_id: int | None
    unique_id: str
    report_interval_s: int
    registered_at: int
    last_seen_at: int | None
    firmware: str
    transport: str
    """Which way its newest report took: wifi, gprs, sms or card."""
    switch_reason: str
    """Why it took that way: a word of protocol.links."""
    signal_dbm: int | None
    modem_restarts: int | None
    sms_sent: int | None
    link_errors: int | None
    sms_number: str
    reader_healthy: bool | None
    reader_reinits: int
    pending_entries: int
    clock_offset_s: int | None
    clock_quality: int | None
    """0 none, 1 a hint, 2 trusted, as its newest journal entry says."""
    network_time_offset_s: int | None
    uptime_s: int | None
    heap_free_bytes: int | None
    flash_free_bytes: int | None


class JournalEntryRead(BaseModel):
    """One entry of a machine's journal."""

    epoch: int
    seq: int
    kind: int
    time: int
    clock: int
    batch: int
    credit: int
    detail: str
    received_at: int


class JournalStateRead(BaseModel):
    """Where a machine's journal stands in one epoch."""

    epoch: int
    contiguous_seq: int
    highest_seq: int
    missing: list[tuple[int, int]]
    """Stretches that have not arrived (first, last), at most the first hundred."""
    forked: bool


class GapAccept(BaseModel):
    """An administrator's word that missing entries will never come."""

    epoch: Epoch
    first_seq: Annotated[int, Field(ge=1, le=U32_MAX)]
    last_seq: Annotated[int, Field(ge=1, le=U32_MAX)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=400)]
