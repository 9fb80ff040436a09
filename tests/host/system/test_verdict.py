"""The demonstration's verdict can be bad: each thing that may go wrong is found by it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from protocol import classic, journal, reasons
from protocol.journal import Entry
from protocol.records import OneTimeRecord

from emulator.cards.classic import ClassicCard
from tools.demo.sides import Told
from tools.demo.verdict import Verdict, compare

MACHINE, BATCH = 3, 7
SCHEMA = (
    "CREATE TABLE card (level TEXT, state TEXT)",
    "CREATE TABLE usage (batch INTEGER, credit INTEGER)",
    "CREATE TABLE journal_entry (machine_id INTEGER, seq INTEGER, kind INTEGER, batch INTEGER, credit INTEGER)",
)


def one_time_card(credit: int, *, burnt: bool) -> ClassicCard:
    card = ClassicCard(credit.to_bytes(4, "big"))
    record = OneTimeRecord(BATCH, credit, bytes(16)).encode().ljust(32, b"\0")
    card.blocks[4][:], card.blocks[5][:] = record[:16], record[16:]
    if burnt:
        card.blocks[classic.ONE_TIME_BURN_BLOCK][:] = b"\x55" * 16
    return card


@dataclass
class Evening:
    """Two exams, a card that was not used, one refusal; everything as it should be."""

    cards: list[ClassicCard] = field(default_factory=lambda: [one_time_card(n, burnt=n < 3) for n in (1, 2, 3)])
    told: Told = field(default_factory=Told)
    seen: dict[str, int] = field(default_factory=lambda: {"used": 1, "removed_early": 2})
    issued: int = 3
    used: list[int] = field(default_factory=lambda: [1, 2])
    stored: list[tuple[int, int, int, int]] = field(default_factory=list)
    acked: int = 5

    def __post_init__(self) -> None:
        kinds = ((journal.INTENT, 1), (journal.DEBIT, 1), (journal.INTENT, 2), (journal.DEBIT, 2), (journal.REFUSED, 1))
        for seq, (kind, credit) in enumerate(kinds, 1):
            detail = bytes([reasons.NAMES.index(reasons.USED)]) if kind == journal.REFUSED else b""
            self.told.entries[seq] = Entry(seq, kind, 0, 0, BATCH, credit, detail)
            self.stored.append((seq, kind, BATCH, credit))

    def verdict(self, folder: Path) -> Verdict:
        path = folder / "perscan.db"
        with closing(sqlite3.connect(path)) as database, database:
            for statement in SCHEMA:
                database.execute(statement)
            database.executemany("INSERT INTO card VALUES ('one_time', 'written')", [()] * self.issued)
            database.executemany("INSERT INTO usage VALUES (?, ?)", [(BATCH, credit) for credit in self.used])
            rows = [(MACHINE, *row) for row in self.stored]
            database.executemany("INSERT INTO journal_entry VALUES (?, ?, ?, ?, ?)", rows)
        return compare(self.cards, self.told, self.seen, path, MACHINE, self.acked)


def test_a_good_evening(tmp_path: Path) -> None:
    verdict = Evening().verdict(tmp_path)
    assert verdict.findings == []
    assert verdict.line() == {
        "issued": 3,
        "debited": 2,
        "refused": {"removed_early": 2, "used": 1},
        "acked": 5,
        "lost": 0,
        "double": 0,
    }


def lose_a_usage_row(evening: Evening) -> None:
    evening.used.remove(2)


def count_one_twice(evening: Evening) -> None:
    evening.used.append(2)


def count_one_that_never_was(evening: Evening) -> None:
    evening.used.append(3)


def burn_a_card_without_a_debit(evening: Evening) -> None:
    evening.cards[2] = one_time_card(3, burnt=True)


def debit_without_a_burn(evening: Evening) -> None:
    evening.cards[1] = one_time_card(2, burnt=False)


def write_a_credit_on_two_cards(evening: Evening) -> None:
    evening.cards.append(one_time_card(3, burnt=False))


def forget_an_acknowledgement(evening: Evening) -> None:
    evening.acked = 4


def alter_a_stored_entry(evening: Evening) -> None:
    evening.stored[0] = (1, journal.INTENT, BATCH, 9)


def leave_a_hole_in_the_journal(evening: Evening) -> None:
    del evening.told.entries[3]


def swallow_a_refusal(evening: Evening) -> None:
    evening.seen["used"] = 2


@pytest.mark.parametrize(
    ("spoil", "lost", "double"),
    [
        (lose_a_usage_row, 1, 0),
        (count_one_twice, 0, 1),
        (count_one_that_never_was, 0, 0),
        (burn_a_card_without_a_debit, 1, 0),
        (debit_without_a_burn, 0, 0),
        (write_a_credit_on_two_cards, 0, 1),
        (forget_an_acknowledgement, 0, 0),
        (alter_a_stored_entry, 0, 0),
        (leave_a_hole_in_the_journal, 0, 0),
        (swallow_a_refusal, 0, 0),
    ],
)
def test_a_bad_evening(tmp_path: Path, spoil: Callable[[Evening], None], lost: int, double: int) -> None:
    evening = Evening()
    spoil(evening)
    verdict = evening.verdict(tmp_path)
    assert (verdict.lost, verdict.double) == (lost, double)
    assert verdict.findings or verdict.double
