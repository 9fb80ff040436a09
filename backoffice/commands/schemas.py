"""What the commands API takes and gives."""

from enum import StrEnum
from typing import Annotated, Any

from protocol import orders
from pydantic import BaseModel, Field, StringConstraints

from backoffice.institutions.schemas import U32_MAX
from backoffice.machines import configuration
from backoffice.machines.schemas import ReportInterval

SETTINGS_MAX = 16
INTERVAL_MAX_S = 86400

Number = Annotated[int, Field(ge=1, le=U32_MAX)]


ScreenText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=orders.MAX_TEXT_BYTES)]
"""How many bytes that is, and what can be printed, is looked at by who signs it (authority/orders.py)."""
SettingName = Annotated[str, StringConstraints(max_length=configuration.NAME_MAX_CHARS)]
SettingText = Annotated[str, StringConstraints(max_length=configuration.CA_MAX_CHARS)]


class CommandState(StrEnum):
    """How far a command came. Stored as its text; never renamed."""

    QUEUED = "queued"
    SENT = "sent"
    """It was in at least one ack or push; the machine has not journalled it yet."""
    DONE = "done"
    FAILED = "failed"
    """The machine journalled that it could not, or would not: `result` says why."""
    CANCELLED = "cancelled"


class RevokeBatch(BaseModel):
    """Accept no card of a batch any more."""

    batch: Number


class OneCredit(BaseModel):
    """A credit of a batch."""

    batch: Number
    credit: Number


class Lock(BaseModel):
    """Grant nothing until unlocked."""

    text: ScreenText = ""
    """For the machine's screen."""


class Interval(BaseModel):
    """How often the machine reports when nothing happens."""

    report_interval_s: Annotated[ReportInterval, Field(le=INTERVAL_MAX_S)]


class SettingsChange(BaseModel):
    """Settings of the machine to change."""

    settings: Annotated[dict[SettingName, bool | int | SettingText], Field(max_length=SETTINGS_MAX)]
    """Names as in the firmware. `server_ca` is PEM, or base64 of DER."""


class CommandRead(BaseModel):
    """A command."""

    id: int
    machine_id: int
    kind: str
    args: list[Any]
    """As they were ordered. Passwords and PINs are masked, certificates and signatures are shortened."""
    state: CommandState
    result: str
    """The machine's answer as a word; empty while there is none."""
    on_trial: bool
    """True for new connection settings: the machine returns to the old ones by itself unless they work."""
    created_by: int | None
    created_at: int
    sent_at: int | None
    sent_count: int
    done_at: int | None
    answer_seq: int | None
    """The entry of the machine's journal that holds the answer."""
