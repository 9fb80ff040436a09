"""Devices that are plugged into this server."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class Device(SQLModel, table=True):
    """One port of this server and the one board that belongs there."""

    __tablename__ = "device"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=64, unique=True)
    """What the person at the desk calls it."""
    url: str = Field(max_length=200, unique=True)
    """Serial port or pyserial URL."""
    role: str = Field(max_length=16)
    """swipe, master_issuer or child_issuer: what is expected at this port."""
    machine_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="machine.id")
    """Which machine is expected; None until it is provisioned here."""
    unique_id: str = Field(default="", max_length=64)
    """The board's serial number, learned at the first contact; another board at this port is refused."""
    active: bool = True
    created_at: int
