"""Each debit is held against what was issued: the batch, the machine and the provisioning it is bound to, its range,
and the card. A machine's word alone makes no income.

The office issues no batches for any machine of an institution, so every batch has its one machine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocol.journal import Entry
from sqlmodel import Session

from backoffice.cards import service as cards
from backoffice.ingest import repository
from backoffice.ingest.group import Reporter
from backoffice.usage.standing import Standing

BATCH_SIGNED, BATCH_VOID = "signed", "cancelled"
Credit = tuple[int, int]
"""(batch, credit)"""


@dataclass(frozen=True)
class Batch:
    """A batch, as far as a debit has to fit it."""

    machine_id: int
    epoch: int
    first_credit: int
    count: int
    state: str


@dataclass(frozen=True)
class Card:
    """A one-time card that was planned or written for a credit."""

    state: str
    changed_at: int


@dataclass(frozen=True)
class Verdict:
    """How a debit stands, and why it is no income."""

    standing: Standing
    why: str = ""


@dataclass(frozen=True)
class Issued:
    """What was issued, as far as these debits need it."""

    batches: Mapping[int, Batch]
    cards: Mapping[Credit, list[Card]]

    @classmethod
    def of(cls, session: Session, entries: Iterable[Entry]) -> "Issued":
        """Look it up for all debits at once."""
        wanted = {(entry.batch, entry.credit) for entry in entries}
        batches = repository.batches(session, {batch for batch, _credit in wanted})
        found: dict[Credit, list[Card]] = {}
        for batch, credit, state, changed_at in repository.one_time_cards(
            session, {credit for _batch, credit in wanted}
        ):
            found.setdefault((batch, credit), []).append(Card(state, changed_at))
        return cls({number: Batch(*row) for number, row in batches.items()}, found)

    def verdict(self, reporter: Reporter, entry: Entry, time_s: int) -> Verdict:
        """How a debit of that moment stands."""
        batch = self.batches.get(entry.batch)
        if batch is None or batch.state not in (BATCH_SIGNED, BATCH_VOID):
            return Verdict(Standing.UNISSUED, "no such batch was issued")
        if not batch.first_credit <= entry.credit < batch.first_credit + batch.count:
            return Verdict(Standing.UNISSUED, "the credit does not belong to the batch")
        if batch.machine_id != reporter.machine_id:
            return Verdict(Standing.FOREIGN, f"the batch is bound to machine {batch.machine_id}")
        if batch.epoch != reporter.epoch:
            return Verdict(Standing.FOREIGN, f"the batch is bound to provisioning {batch.epoch}, not {reporter.epoch}")
        if batch.state == BATCH_VOID:
            return Verdict(Standing.VOID, "the batch was given up before it was used")
        return _of_card(self.cards.get((entry.batch, entry.credit), []), time_s)


def _of_card(found: list[Card], time_s: int) -> Verdict:
    """A card that may be on plastic counts; one that was made blank counts for what was debited before."""
    states = {card.state for card in found}
    if states.intersection(cards.LIVE_ON_PLASTIC):
        return Verdict(Standing.COUNTED)
    if any(card.state == cards.ERASED and time_s < card.changed_at for card in found):
        return Verdict(Standing.COUNTED)
    if states.intersection((cards.FAILED, cards.ERASED)):
        return Verdict(Standing.VOID, "the card was given up")
    return Verdict(Standing.UNISSUED, "no card was written for the credit")
