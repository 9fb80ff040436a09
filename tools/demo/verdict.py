"""What happened, counted on three sides that do not know of each other (`sides.py`), and compared."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from protocol import journal, reasons

from emulator.cards.classic import ClassicCard
from tools.demo.sides import (
    Told,
    differences,
    double_credits,
    is_burnt,
    journal_findings,
    lost_credits,
    one_sided,
    records,
    stored,
)


@dataclass(frozen=True)
class Verdict:
    """The closing line of the demonstration. ``findings`` = where two sides disagree, in words."""

    issued: int
    debited: int
    refused: dict[str, int]
    acked: int
    lost: int
    double: int
    findings: list[str]

    def line(self) -> dict[str, object]:
        return {
            "issued": self.issued,
            "debited": self.debited,
            "refused": self.refused,
            "acked": self.acked,
            "lost": self.lost,
            "double": self.double,
        }


def compare(
    cards: list[ClassicCard], told: Told, seen: Mapping[str, int], database: Path, machine_id: int, acked: int
) -> Verdict:
    """``cards`` = every one-time card ever written; ``seen`` = refusals by reason, as people saw them."""
    written, burnt = records(cards), records(card for card in cards if is_burnt(card))
    debits = Counter((entry.batch, entry.credit) for entry in told.of(journal.DEBIT))
    held = stored(database, machine_id)
    refused = _refused(told, seen)
    findings = [
        *differences("one-time cards carry a record", written.total(), "are in the database", held.issued),
        *one_sided("burnt on its card", burnt, "debited in the journal", debits),
        *one_sided("debited in the journal", debits, "counted in the database", held.used),
        *journal_findings(told, held, acked),
    ]
    for reason in sorted({*seen, *refused}):
        findings += differences(
            f"refused as {reason}, people say", seen.get(reason, 0), "says the journal", refused[reason]
        )
    return Verdict(
        issued=held.issued,
        debited=sum(debits.values()),
        refused=dict(sorted(refused.items())),
        acked=acked,
        lost=lost_credits(burnt, debits, held.used),
        double=double_credits(written, debits, held.used),
        findings=findings,
    )


def _refused(told: Told, seen: Mapping[str, int]) -> Counter[str]:
    """From the journal; a card that was gone before the machine could judge it leaves no entry: people count those."""
    refused = Counter(reasons.name(entry.detail[0]) for entry in told.of(journal.REFUSED))
    if seen.get(reasons.REMOVED_EARLY):
        refused[reasons.REMOVED_EARLY] = seen[reasons.REMOVED_EARLY]
    return refused
