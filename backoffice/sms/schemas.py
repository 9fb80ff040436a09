"""What the SMS API takes and gives."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

ProviderId = Annotated[str, StringConstraints(min_length=1, max_length=120)]
ProviderNumber = (
    Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]([\x20-\x7e]{0,118}[\x21-\x7e])?$", strict=True)]
    | Annotated[int, Field(ge=0, lt=1 << 63, strict=True)]
)
"""A platform's number of an SMS of ours: printable ASCII, or a number that is one."""
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
    """The platform's own number of it; the same SMS handed in again has the same one. Another may have it, too."""
    sender: Annotated[str, StringConstraints(max_length=40)] = Field(alias="from")
    data: Annotated[str, StringConstraints(max_length=BASE64_MAX_CHARS)]
    """The 8-bit content, all parts joined, in base64."""
    sent_at: Annotated[int, Field(gt=0, lt=1 << 40)] | None = None
    """The time stamp of the phone network's centre in Unix seconds, if the platform knows it."""


class WebhookAnswer(BaseModel):
    """What the platform may say when it has taken what we send. More than that is not read."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    id: ProviderNumber
    """Its own number of the SMS."""


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


class SmsAsideRead(BaseModel):
    """An SMS, or part of one, that left the modem's memory without being handed in."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    stored_at: int
    reason: str
    """unreadable, half (the other parts never came), too_long (more parts than any report has) or foreign."""
    sender: str
    place: str
    """Where it lay: the memory and the place in it."""
    shown: str
    """What the modem showed, usually the PDU in hexadecimal digits."""


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
