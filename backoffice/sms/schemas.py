"""What the SMS API takes and gives."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

ProviderId = Annotated[str, StringConstraints(min_length=1, max_length=120)]
BASE64_MAX_CHARS = 800


class InState(StrEnum):
    """What became of an SMS that came in. Stored as its text; never renamed."""

    RECEIVED = "received"
    """It is stored; what it says is not decided yet."""
    TAKEN = "taken"
    """It was a genuine report, and that is stored."""
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    """The network brought the same content again, while its answer is under way."""


class OutState(StrEnum):
    """How far an SMS that goes out came. Stored as its text; never renamed."""

    QUEUED = "queued"
    SUBMITTED = "submitted"
    """The platform has it."""
    SENT = "sent"
    """The phone network has it."""
    DELIVERED = "delivered"
    """The modem has it. Not that the machine read it: only its next report says that."""
    FAILED = "failed"
    EXPIRED = "expired"
    """It was not worth sending any more."""


class OutKind(StrEnum):
    """What an SMS that goes out is."""

    ACK = "ack"
    """The answer to a report that came by SMS."""
    PUSH = "push"
    """Commands that do not wait for the next report."""


class WebhookSms(BaseModel):
    """An SMS that the platform received for us."""

    model_config = ConfigDict(extra="forbid")

    id: ProviderId
    """The platform's own number of it; the same SMS handed in again has the same one."""
    sender: Annotated[str, StringConstraints(max_length=40)] = Field(alias="from")
    data: Annotated[str, StringConstraints(max_length=BASE64_MAX_CHARS)]
    """The 8-bit content, all parts joined, in base64."""


class WebhookDelivery(BaseModel):
    """What became of an SMS that we gave the platform."""

    model_config = ConfigDict(extra="forbid")

    reference: Annotated[str, StringConstraints(pattern="^[0-9]{1,10}$")]
    """The one that we gave."""
    state: Annotated[str, StringConstraints(pattern="^(sent|delivered|failed)$")]


class SmsTaken(BaseModel):
    """What became of an SMS that was handed in. Whatever it says: it need not be handed in again."""

    state: InState
    error: str
    """Why it was refused."""


class Direction(StrEnum):
    """Which way."""

    IN = "in"
    OUT = "out"


class SmsRead(BaseModel):
    """One SMS, in either direction."""

    model_config = ConfigDict(from_attributes=True)

    direction: Direction
    id: int
    at: int
    """When it came in, or was made."""
    machine_id: int | None
    number: str
    kind: str
    """report, ack or push."""
    state: str
    platform: str
    parts: int
    attempts: int
    """How often it was handed to the platform; of one that came in, how often it was handed to us."""
    error: str


class SmsDay(BaseModel):
    """One day's traffic."""

    day: str
    """2026-11-23"""
    received: int
    refused: int
    duplicates: int
    sent: int
    """Messages that the platform got."""
    parts: int
    """Short messages on the air for those: what they cost."""
    delivered: int
    failed: int
