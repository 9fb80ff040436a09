"""The three sides that know of an exam and not of each other, each looked at from outside, and where they disagree.

The cards themselves (their burn blocks), the machine's journal (from its flash image, read by the reference littlefs),
and the database (by plain SQL). Nobody is asked; everybody is looked at.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from protocol import classic
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


def is_burnt(card: ClassicCard) -> bool:
    """Whether a machine left its mark on the card."""
    return bytes(card.blocks[classic.ONE_TIME_BURN_BLOCK]) != classic.FRESH


def records(cards: Iterable[ClassicCard]) -> Counter[Credit]:
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


def stored(database: Path, machine_id: int) -> Stored:
    """What plain SQL finds."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as rows:
        issued = "SELECT count(*) FROM card WHERE level = 'one_time' AND state = 'written'"
        entries = "SELECT seq, kind, batch, credit FROM journal_entry WHERE machine_id = ?"
        return Stored(
            rows.execute(issued).fetchone()[0],
            Counter(rows.execute("SELECT batch, credit FROM usage").fetchall()),
            {seq: (kind, batch, credit) for seq, kind, batch, credit in rows.execute(entries, (machine_id,))},
        )


def lost_credits(burnt: Counter[Credit], debits: Counter[Credit], used: Counter[Credit]) -> int:
    """Burnt without a debit, or debited and not counted."""
    return len(burnt.keys() - debits.keys()) + len(debits.keys() - used.keys())


def double_credits(*sides: Counter[Credit]) -> int:
    """How often one credit stands on a side more than once."""
    return sum(count - 1 for side in sides for count in side.values())


def journal_findings(told: Told, held: Stored, acked: int) -> list[str]:
    """The machine's journal has no hole, the database holds every entry of it as it is, and acknowledged them all."""
    findings = []
    if sorted(told.entries) != list(range(1, told.last_seq + 1)):
        findings.append("the machine's journal has a hole")
    on_flash = {seq: (entry.kind, entry.batch, entry.credit) for seq, entry in told.entries.items()}
    if on_flash != held.entries:
        findings.append(
            f"the machine's journal ({len(on_flash)} entries) and the database's ({len(held.entries)}) differ"
        )
    return findings + differences("entries in the journal", told.last_seq, "were acknowledged", acked)


def one_sided(here: str, first: Iterable[Credit], there: str, second: Iterable[Credit]) -> list[str]:
    """What only one of two sides knows."""
    first, second = set(first), set(second)
    return [
        *(f"batch {batch}, credit {credit}: {here}, not {there}" for batch, credit in sorted(first - second)),
        *(f"batch {batch}, credit {credit}: {there}, not {here}" for batch, credit in sorted(second - first)),
    ]


def differences(here: str, first: int, there: str, second: int) -> list[str]:
    """Two counts that should be one."""
    return [f"{first} {here}, {second} {there}"] if first != second else []
