"""Machines: swipe machines and card issuers."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class Machine(SQLModel, table=True):
    """One machine, as it is registered and as it last reported."""

    __tablename__ = "machine"

    id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    """machine_id (u32, not 0): what batch cards name and what the uplink's key id says."""
    name: str = Field(max_length=120)
    role: str = Field(max_length=16)
    """swipe, master_issuer or child_issuer."""
    state: str = Field(default="active", max_length=16)
    """active, locked or retired."""
    epoch: int = Field(sa_type=BigInteger)
    """How often it was provisioned; every epoch has a key and a journal of its own."""
    newest_epoch: int = Field(default=0, sa_type=BigInteger)
    """The highest number that an attempt to provision it ever took. Refused attempts spend theirs, too."""
    institution_id: int | None = Field(default=None, foreign_key="institution.id", index=True)
    unique_id: str = Field(default="", max_length=64)
    """The board's own serial number, hex."""
    report_interval_s: int
    """A machine that is silent for much longer raises an alert."""
    registered_at: int
    last_seen_at: int | None = None
    firmware: str = Field(default="", max_length=32)
    transport: str = Field(default="", max_length=16)
    sms_number: str = Field(default="", max_length=24)
    """Where its last SMS with something new came from; empty when none came."""
    reader_healthy: bool | None = None
    reader_reinits: int = 0
    pending_entries: int = 0
    """Entries that it said it still holds when it last reported."""
    clock_offset_s: int | None = None
    """Its clock minus ours, at the last report; None when its clock is not set."""
    uptime_s: int | None = None
    heap_free_bytes: int | None = None
    flash_free_bytes: int | None = None
    switch_reason: str = Field(default="", max_length=24)
    """Why its last report took this way: a word of protocol.links."""
    signal_dbm: int | None = None
    modem_restarts: int | None = None
    sms_sent: int | None = None
    """Short messages that it sent since power came up."""
    link_errors: int | None = None
    network_time_offset_s: int | None = None
    """The phone network's time minus ours: a hint that it never acts on."""
    clock_quality: int | None = None
    """How sure it was of the time in its newest journal entry: protocol.journal.CLOCK_*."""
    health_seq: int | None = Field(default=None, sa_type=BigInteger)
    """Where its journal stood in the newest report of this epoch: what is older than that is no sign of life."""
    health_uptime_s: int | None = Field(default=None, sa_type=BigInteger)
    """Its uptime in the newest report with that journal."""
    health_clock: int | None = Field(default=None, sa_type=BigInteger)
    """Its clock in the newest report with that journal."""
    health_clock_max: int | None = Field(default=None, sa_type=BigInteger)
    """The latest clock that any report of this epoch showed, as far as it was not ahead of ours."""
