"""Cards: every piece of plastic that was written or is to be written."""

from sqlalchemy import BigInteger, Column, Computed, Index, String, text
from sqlmodel import Field, SQLModel

_LIVE_UID = "uid <> '' AND state IN ('writing', 'torn', 'written')"
_ABOVE = "level <> 'one_time'"
ABOVE = text(f"card.{_ABOVE}")
"""Cards of the levels above: few, and with an index of their own, for which the condition stands in these words."""
_SHOWN = "CASE WHEN used AND state = 'written' THEN 'used' ELSE state END"
_LIVE_CREDIT = "level = 'one_time' AND state IN ('planned', 'writing', 'torn', 'written')"


class Card(SQLModel, table=True):
    """One card. planned -> writing -> written, or torn (seen again: writing), or failed; written -> erased.

    The database itself refuses two live cards for one credit and two live contents on one UID.
    """

    __tablename__ = "card"
    __table_args__ = (
        Index("uq_card_live_uid", "uid", unique=True, sqlite_where=text(_LIVE_UID), postgresql_where=text(_LIVE_UID)),
        Index(
            "uq_card_live_credit",
            "batch_id",
            "credit",
            unique=True,
            sqlite_where=text(_LIVE_CREDIT),
            postgresql_where=text(_LIVE_CREDIT),
        ),
        Index("ix_card_changed", "changed_at", "id"),
        Index("ix_card_shown_changed", "shown", "changed_at", "id"),
        Index("ix_card_institution_shown_changed", "institution_code", "shown", "changed_at", "id"),
        Index("ix_card_batch_changed", "batch_id", "changed_at", "id"),
        Index("ix_card_job_state", "job_id", "state", "changed_at", "id"),
        Index("ix_card_level_state", "level", "state"),
        Index("ix_card_above", "level", "master_id", "white_id", sqlite_where=text(_ABOVE)),
        Index("ix_card_uid", "uid"),
        Index("ix_card_batch_level", "batch_id", "level"),
        Index("ix_card_credit", "credit"),
    )

    id: int | None = Field(default=None, primary_key=True)
    level: str = Field(max_length=16)
    """master, white, batch or one_time."""
    master_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="master.id")
    white_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="white.id")
    batch_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="batch.id")
    credit: int | None = Field(default=None, sa_type=BigInteger)
    """The one credit of a one-time card."""
    attempt: int = 1
    """How many cards were tried for this content."""
    uid: str = Field(default="", max_length=20)
    """Lower-case hex; empty while planned."""
    medium: str = Field(default="", max_length=24)
    state: str = Field(default="planned", max_length=16)
    reason: str = Field(default="", max_length=32)
    """Why it failed or was torn."""
    outcome: str = Field(default="", max_length=16)
    """What became of a failed card's content: reissued (on another card) or voided; empty while undecided."""
    warning: str = Field(default="", max_length=32)
    """weak_medium when the card can be copied."""
    job_id: int | None = Field(default=None, foreign_key="issuing_job.id")
    created_at: int
    changed_at: int
    institution_code: int | None = Field(default=None, sa_type=BigInteger)
    """That of its batch. Kept by the database itself, like the two that follow (migration 0007)."""
    used: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})
    """Whether a debit of its credit counts."""
    shown: str | None = Field(default=None, sa_column=Column(String(16), Computed(_SHOWN, persisted=False)))
    """Its state as people see it: one that was written is in use, or used."""
