"""Alerts."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Computed, Index, String, text
from sqlmodel import Field, SQLModel

_STATE = (
    "CASE WHEN cleared_at IS NOT NULL THEN 'cleared' WHEN acknowledged_at IS NOT NULL THEN 'acknowledged' "
    "ELSE 'open' END"
)


class Alert(SQLModel, table=True):
    """Something a person should look at. The same thing again counts up; it does not make another row."""

    __tablename__ = "alert"
    __table_args__ = (
        Index("uq_alert_open_dedupe_key", "dedupe_key", unique=True, sqlite_where=text("cleared_at IS NULL")),
        Index("ix_alert_state", "state", "severity", "last_at", "id"),
        Index("ix_alert_institution_state", "institution_id", "state", "severity", "last_at", "id"),
        Index("ix_alert_machine_state", "machine_id", "state", "severity", "last_at", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=40)
    severity: int
    """1 info, 2 warning, 3 critical."""
    dedupe_key: str = Field(max_length=160)
    """What makes two alerts the same while the first is not cleared."""
    machine_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="machine.id")
    institution_id: int | None = Field(default=None, foreign_key="institution.id")
    message: str = Field(max_length=400)
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    count: int = 1
    raised_at: int
    last_at: int
    acknowledged_at: int | None = None
    acknowledged_by: int | None = Field(default=None, foreign_key="user.id")
    cleared_at: int | None = None
    cleared_by: int | None = Field(default=None, foreign_key="user.id")
    state: str | None = Field(default=None, sa_column=Column(String(12), Computed(_STATE, persisted=False)))
    """open, acknowledged or cleared."""
