"""The verdict can be bad: each thing that may go wrong with a link is found by it."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from protocol import classic, journal
from protocol.journal import Entry
from protocol.records import OneTimeRecord

from emulator.cards.classic import ClassicCard
from tools.demo.sides import Told
from tools.uplinks.verdict import Carried, Evidence, Outcome, judge

MACHINE, BATCH, DEBITS = 1, 7, 3
SCHEMA = (
    "CREATE TABLE card (level TEXT, state TEXT)",
    "CREATE TABLE usage (batch INTEGER, credit INTEGER)",
    "CREATE TABLE journal_entry (machine_id INTEGER, seq INTEGER, kind INTEGER, batch INTEGER, credit INTEGER)",
)
CARRIED = Carried(wire_bytes=600, sms=6, what_happened=Counter({"delivered": 3}))


def card_of(credit: int, *, burnt: bool = True) -> ClassicCard:
    card = ClassicCard(credit.to_bytes(4, "big"))
    record = OneTimeRecord(BATCH, credit, bytes(16)).encode().ljust(32, b"\0")
    card.blocks[4][:], card.blocks[5][:] = record[:16], record[16:]
    if burnt:
        card.blocks[classic.ONE_TIME_BURN_BLOCK][:] = b"\x55" * 16
    return card


@dataclass
class Run:
    """Three debits that arrived."""

    cards: list[ClassicCard] = field(default_factory=lambda: [card_of(n) for n in (1, 2, 3)])
    told: Told = field(default_factory=Told)
    used: list[int] = field(default_factory=lambda: [1, 2, 3])
    stored: list[tuple[int, int, int, int]] = field(default_factory=list)
    acked: int = 6
    alerts: list[str] = field(default_factory=lambda: ["machine_silent"])
    kills_done: int = 2

    def __post_init__(self) -> None:
        for seq in range(1, 7):
            kind, credit = (journal.INTENT, journal.DEBIT)[(seq + 1) % 2], (seq + 1) // 2
            self.told.entries[seq] = Entry(seq, kind, 0, 0, BATCH, credit)
            self.stored.append((seq, kind, BATCH, credit))

    def judged(self, folder: Path) -> Outcome:
        path = folder / "perscan.db"
        with closing(sqlite3.connect(path)) as database, database:
            for statement in SCHEMA:
                database.execute(statement)
            database.executemany("INSERT INTO usage VALUES (?, ?)", [(BATCH, credit) for credit in self.used])
            rows = [(MACHINE, *row) for row in self.stored]
            database.executemany("INSERT INTO journal_entry VALUES (?, ?, ?, ?, ?)", rows)
        evidence = Evidence(self.cards, self.told, path, MACHINE, self.acked, self.alerts, 2, self.kills_done)
        return judge("wifi", DEBITS, evidence, CARRIED, 42)


def test_everything_arrived(tmp_path: Path) -> None:
    outcome = Run().judged(tmp_path)
    assert outcome.good, outcome.findings
    assert outcome.line() == {
        "delivered": 3,
        "lost": 0,
        "double": 0,
        "bytes_per_debit": 200.0,
        "sms_per_100_debits": 200.0,
        "seconds_virtual": 42,
    }


def forget_a_report(run: Run) -> None:
    """A server that had acknowledged before its disk had it."""
    run.used.remove(3)
    run.stored = run.stored[:4]


def count_a_late_copy_again(run: Run) -> None:
    run.used.append(2)


def store_the_debit_of_a_late_copy_again(run: Run) -> None:
    run.used.append(2)
    run.stored.append((7, journal.DEBIT, BATCH, 2))


def burn_a_card_without_a_debit(run: Run) -> None:
    run.cards.append(card_of(4))


def leave_a_card_unburnt(run: Run) -> None:
    run.cards[0] = card_of(1, burnt=False)


def count_what_nobody_reported(run: Run) -> None:
    run.used.append(9)


def alter_a_stored_entry(run: Run) -> None:
    run.stored[0] = (1, journal.INTENT, BATCH, 9)


def acknowledge_less(run: Run) -> None:
    run.acked = 5


def make_a_hole_in_the_journal(run: Run) -> None:
    del run.told.entries[3]


def see_two_histories(run: Run) -> None:
    run.alerts.append("fork")


def spare_the_server(run: Run) -> None:
    run.kills_done = 1


def skip_a_debit(run: Run) -> None:
    run.cards.pop()
    run.used.pop()
    run.stored = run.stored[:4]
    del run.told.entries[5], run.told.entries[6]
    run.acked = 4


@pytest.mark.parametrize(
    ("spoil", "lost", "double"),
    [
        (forget_a_report, 1, 0),
        (count_a_late_copy_again, 0, 1),
        (store_the_debit_of_a_late_copy_again, 0, 2),
        (burn_a_card_without_a_debit, 1, 0),
        (leave_a_card_unburnt, 0, 0),
        (count_what_nobody_reported, 0, 0),
        (alter_a_stored_entry, 0, 0),
        (acknowledge_less, 0, 0),
        (make_a_hole_in_the_journal, 0, 0),
        (see_two_histories, 0, 0),
        (spare_the_server, 0, 0),
        (skip_a_debit, 0, 0),
    ],
)
def test_something_went_wrong(tmp_path: Path, spoil: Callable[[Run], None], lost: int, double: int) -> None:
    run = Run()
    spoil(run)
    outcome = run.judged(tmp_path)
    assert not outcome.good
    assert (outcome.lost, outcome.double) == (lost, double)
    assert outcome.findings or outcome.double
