"""What happened, counted on three sides that do not know of each other, and compared.

The cards themselves (their burn blocks), the machine's journal (from its flash image, read by the reference littlefs),
and the database (by plain SQL). Nobody is asked; everybody is looked at.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from protocol import classic, journal, reasons
from protocol.errors import ProtocolError
from protocol.journal import Entry
from protocol.records import OneTimeRecord, header

from emulator.cards.classic import ClassicCard
from emulator.checkers.journal_on_flash import JournalOnFlash

Credit = tuple[int, int]
"""Batch and credit number."""


@dataclass
class Told:
    """Everything the machine's journal ever said. It forgets what was acknowledged, so it is read after every exam."""

    entries: dict[int, Entry] = field(default_factory=dict)

    def note(self, found: JournalOnFlash) -> None:
        self.entries.update((entry.seq, entry) for entry in found.entries)

    @property
    def last_seq(self) -> int:
        return max(self.entries, default=0)

    def of(self, kind: int) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.kind == kind]


@dataclass(frozen=True)
class Stored:
    """What the database holds."""

    issued: int
    used: Counter[Credit]
    entries: dict[int, tuple[int, int, int]]
    """By number: kind, batch and credit."""


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
    written, burnt = _records(cards), _records(card for card in cards if _is_burnt(card))
    debits = Counter((entry.batch, entry.credit) for entry in told.of(journal.DEBIT))
    stored = _stored(database, machine_id)
    refused = _refused(told, seen)
    findings = [
        *_differences("one-time cards carry a record", written.total(), "are in the database", stored.issued),
        *_one_sided("burnt on its card", burnt, "debited in the journal", debits),
        *_one_sided("debited in the journal", debits, "counted in the database", stored.used),
        *_journal_findings(told, stored, acked),
    ]
    for reason in sorted({*seen, *refused}):
        findings += _differences(
            f"refused as {reason}, people say", seen.get(reason, 0), "says the journal", refused[reason]
        )
    return Verdict(
        issued=stored.issued,
        debited=sum(debits.values()),
        refused=dict(sorted(refused.items())),
        acked=acked,
        lost=len(burnt.keys() - debits.keys()) + len(debits.keys() - stored.used.keys()),
        double=sum(count - 1 for side in (written, debits, stored.used) for count in side.values()),
        findings=findings,
    )


def _is_burnt(card: ClassicCard) -> bool:
    return bytes(card.blocks[classic.ONE_TIME_BURN_BLOCK]) != classic.FRESH


def _records(cards: Iterable[ClassicCard]) -> Counter[Credit]:
    """The credits that stand on the plastic."""
    found: Counter[Credit] = Counter()
    for card in cards:
        plastic = b"".join(bytes(card.blocks[block]) for block in classic.ONE_TIME_BLOCKS)
        try:
            _kind, length = header(plastic)
            record = OneTimeRecord.decode(plastic[:length])
        except ProtocolError:
            continue
        found[record.batch_id, record.credit] += 1
    return found


def _stored(database: Path, machine_id: int) -> Stored:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as rows:
        issued = "SELECT count(*) FROM card WHERE level = 'one_time' AND state = 'written'"
        entries = "SELECT seq, kind, batch, credit FROM journal_entry WHERE machine_id = ?"
        return Stored(
            rows.execute(issued).fetchone()[0],
            Counter(rows.execute("SELECT batch, credit FROM usage").fetchall()),
            {seq: (kind, batch, credit) for seq, kind, batch, credit in rows.execute(entries, (machine_id,))},
        )


def _refused(told: Told, seen: Mapping[str, int]) -> Counter[str]:
    """From the journal; a card that was gone before the machine could judge it leaves no entry: people count those."""
    refused = Counter(reasons.name(entry.detail[0]) for entry in told.of(journal.REFUSED))
    if seen.get(reasons.REMOVED_EARLY):
        refused[reasons.REMOVED_EARLY] = seen[reasons.REMOVED_EARLY]
    return refused


def _journal_findings(told: Told, stored: Stored, acked: int) -> list[str]:
    """The machine's journal has no hole, the database holds every entry of it as it is, and acknowledged them all."""
    findings = []
    if sorted(told.entries) != list(range(1, told.last_seq + 1)):
        findings.append("the machine's journal has a hole")
    on_flash = {seq: (entry.kind, entry.batch, entry.credit) for seq, entry in told.entries.items()}
    if on_flash != stored.entries:
        findings.append(
            f"the machine's journal ({len(on_flash)} entries) and the database's ({len(stored.entries)}) differ"
        )
    return findings + _differences("entries in the journal", told.last_seq, "were acknowledged", acked)


def _one_sided(here: str, first: Iterable[Credit], there: str, second: Iterable[Credit]) -> list[str]:
    first, second = set(first), set(second)
    return [
        *(f"batch {batch}, credit {credit}: {here}, not {there}" for batch, credit in sorted(first - second)),
        *(f"batch {batch}, credit {credit}: {there}, not {here}" for batch, credit in sorted(second - first)),
    ]


def _differences(here: str, first: int, there: str, second: int) -> list[str]:
    return [f"{first} {here}, {second} {there}"] if first != second else []
