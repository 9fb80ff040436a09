"""What the API says about cards."""

from typing import Self

from pydantic import BaseModel

from backoffice.models import Card


class CardRead(BaseModel):
    """A card."""

    id: int
    level: str
    master_id: int | None
    white_id: int | None
    batch_id: int | None
    credit: int | None
    attempt: int
    uid: str
    medium: str
    state: str
    reason: str
    outcome: str
    warning: str
    job_id: int | None
    created_at: int
    changed_at: int

    @classmethod
    def of(cls, card: Card) -> Self:
        """A card as the API shows it."""
        return cls.model_validate(card, from_attributes=True)


class CardEventRead(BaseModel):
    """One step of a card."""

    at: int
    state: str
    uid: str
    reason: str


class CardHistory(BaseModel):
    """A card and what became of it."""

    card: CardRead
    events: list[CardEventRead]
    """Oldest first."""
    more_events: bool
    """True when there are later ones that are not shown."""


class ChainLink(BaseModel):
    """One level above a credit."""

    level: str
    number: int
    first_credit: int | None
    credits: int | None
    uid: str
    card_state: str


class DebitRead(BaseModel):
    """A reported debit of a credit."""

    machine_id: int
    epoch: int
    seq: int
    time: int
    received_at: int
    disputed: bool


class Provenance(BaseModel):
    """Where a credit comes from, and what became of it."""

    credit: int
    chain: list[ChainLink]
    """Master card, white card, batch card."""
    machine_id: int | None
    institution_code: int | None
    cards: list[CardRead]
    debits: list[DebitRead]
    more: bool
    """True when there are later cards or debits that are not shown."""
