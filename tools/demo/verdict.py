"""What happened, counted on three sides that do not know of each other, and compared.

The cards themselves (their burn blocks), the machine's journal (from its flash image, read by the reference littlefs),
and the database (by plain SQL). Nobody is asked; everybody is looked at.
"""

import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from protocol import classic, journal, reasons

from emulator.cards.classic import ClassicCard
from emulator.checkers.journal_on_flash import JournalOnFlash


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


def compare(cards: list[ClassicCard], told: JournalOnFlash, torn: int, database: Path, acked: int) -> Verdict:
    """``cards`` = every one-time card ever written; ``torn`` = taps that people saw break off."""
    written = [card for card in cards if bytes(card.blocks[classic.ONE_TIME_BLOCKS[0]][:2]) == b"PS"]
    burnt = [card for card in written if bytes(card.blocks[classic.ONE_TIME_BURN_BLOCK]) != classic.FRESH]
    debits = Counter((entry.batch, entry.credit) for entry in told.of(journal.DEBIT))
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as rows:
        used = Counter(rows.execute("SELECT batch, credit FROM usage").fetchall())
        issued = rows.execute("SELECT count(*) FROM card WHERE level = 'one_time' AND state = 'written'").fetchone()[0]
    rows.close()
    findings = []
    if len(written) != issued:
        findings.append(f"{len(written)} one-time cards carry a record, the database has {issued}")
    if len(burnt) != len(debits):
        findings.append(f"{len(burnt)} cards are burnt, the journal has {len(debits)} debits")
    findings += [f"debited and not in the database: {pair}" for pair in debits.keys() - used.keys()]
    findings += [f"in the database and never debited: {pair}" for pair in used.keys() - debits.keys()]
    lost = max(0, len(burnt) - len(debits)) + len(debits.keys() - used.keys())
    double = sum(count - 1 for side in (debits, used) for count in side.values())
    refused = Counter(reasons.name(entry.detail[0]) for entry in told.of(journal.REFUSED))
    if torn:
        refused[reasons.REMOVED_EARLY] += torn
    return Verdict(issued, sum(debits.values()), dict(sorted(refused.items())), acked, lost, double, findings)
