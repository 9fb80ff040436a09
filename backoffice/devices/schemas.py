"""What the API says about devices."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

Role = Annotated[str, StringConstraints(pattern="^(swipe|master_issuer|child_issuer)$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class DeviceCreate(BaseModel):
    """A device to register."""

    name: Name
    url: Url
    """Serial port (`/dev/ttyUSB0`, `COM3`) or `socket://host:port`, `rfc2217://host:port`."""
    role: Role
    machine_id: Annotated[int, Field(ge=1, le=0xFFFFFFFF)] | None = None


class DeviceUpdate(BaseModel):
    """What may be changed: another port, another name, another board in its place."""

    name: Name | None = None
    url: Url | None = None
    active: bool | None = None
    forget_board: bool = False
    """The board was replaced: learn the new one's serial number at the next contact."""


class DeviceRead(BaseModel):
    """A device."""

    id: int
    name: str
    url: str
    role: str
    machine_id: int | None
    unique_id: str
    active: bool
    holder: str = ""
    """Who works with it now."""


TimeoutMs = Annotated[int, Field(ge=0, le=600_000)]
MACHINES_MAX = 16


class ServiceCardWanted(BaseModel):
    """A service card to read and to answer."""

    timeout_ms: TimeoutMs = 60_000
    machine_ids: Annotated[list[Annotated[int, Field(ge=1, le=0xFFFFFFFF)]], Field(max_length=MACHINES_MAX)] = []
    """Machines that the courier will visit although nothing of theirs is on the card: their orders go along."""


class ServiceCardMachine(BaseModel):
    """What the card brought from one machine, and takes back to it."""

    machine_id: int
    reports: int
    entries: int
    fresh: int
    """Reports with entries that were not known before."""
    ack_seq: int
    orders: int


class ServiceCardTrouble(BaseModel):
    """Why a report could not be taken, or an answer not be written."""

    machine_id: int
    code: str
    message: str


class ServiceCardRead(BaseModel):
    """A service card that was at the desk."""

    uid: str
    medium: str
    machines: list[ServiceCardMachine]
    reports: int
    entries: int
    errors: list[ServiceCardTrouble]
    room_bytes: int


class ServiceCardMade(BaseModel):
    """A new, or an emptied service card."""

    uid: str
    store_bytes: int


class ServiceCardBlank(BaseModel):
    """A service card to make."""

    timeout_ms: TimeoutMs = 60_000


class HelloRead(BaseModel):
    """Who answers at a device's port."""

    role: str | None
    machine_id: int | None
    epoch: int
    institution: int
    authority: str | None
    unique_id: str
    firmware: str
    status: dict[str, Any]
