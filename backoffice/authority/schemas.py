"""What the API says about the authority."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from backoffice.authority.pins import Pin

TimeoutMs = Annotated[int, Field(ge=100, le=120_000)]
MachineId = Annotated[int, Field(ge=1, le=0xFFFFFFFF)]
SETTINGS_MAX = 32


class MasterCreate(BaseModel):
    """Order for the one master card."""

    device_id: int
    pin: Pin
    accept_weak_medium: bool = False
    """Use a card that can be copied (MIFARE Classic) all the same: for demonstrations only."""
    timeout_ms: TimeoutMs = 60_000


class MasterMade(BaseModel):
    """The master card that was made."""

    master_id: int
    uid: str
    authority_key: str
    warning: str


class MasterRead(BaseModel):
    """A master card."""

    id: int
    state: str
    authority_key: str
    kdf: str
    uid: str
    warning: str
    created_at: int
    retired_at: int | None
    retired_reason: str


class MasterRetire(BaseModel):
    """Why the master card is taken out of use."""

    reason: Annotated[str, StringConstraints(min_length=3, max_length=200, strip_whitespace=True)]


class SessionOpen(BaseModel):
    """Master card on this device's reader, and its PIN."""

    device_id: int
    pin: Pin
    timeout_ms: TimeoutMs = 60_000


class SessionRead(BaseModel):
    """Whether the authority may act now."""

    open: bool
    mine: bool = False
    master_id: int | None = None
    opened_at: int | None = None
    closes_at: int | None = None


class DeviceProvision(BaseModel):
    """Make the device the machine of this number. The master card lies on the device's own reader."""

    device_id: int
    machine_id: MachineId
    settings: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=32)], Any], Field(max_length=SETTINGS_MAX)
    ] = {}
    """How it reaches the server and how it behaves; names as in the firmware's configuration.

    What a swipe machine is not told here of whom to trust (`server_tls`, `server_ca`, `server_name`) and of our number
    (`sms_number`) it learns from this server's own settings; `server_tls: false` means plain HTTP.
    """
    timeout_ms: TimeoutMs = 60_000


class DeviceProvisioned(BaseModel):
    """What the device is now."""

    machine_id: int
    role: str
    epoch: int
    institution: int
    settings: dict[str, Any]
    """What it was told; secrets are masked, a certificate is shown as its fingerprint."""
