"""The kept tallies are what one would count, after any history, and after the step that begins to keep them."""

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine

from backoffice import migrations
from backoffice.db import make_engine
from backoffice.settings import Settings

KEPT_SINCE = "0007"
STEPS = 400
CREDITS = range(1, 13)
LEVELS = ("white", "batch", "one_time", "one_time", "one_time")
STATES = ("planned", "writing", "torn", "written", "written", "failed", "erased")
OUTCOMES = ("", "", "reissued", "voided")
STANDINGS = ("counted", "counted", "foreign", "void")
Key = tuple[str, int, str]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database as it was before tallies were kept."""
    made = make_engine(Settings(database_url=f"sqlite:///{tmp_path / 'perscan.db'}"))
    with made.begin() as connection:
        config = migrations.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, KEPT_SINCE)
        command.downgrade(config, "-1")
    yield made
    made.dispose()


class History:
    """Whatever may happen to cards, batches and debits; a bare connection, so that nothing of ours helps."""

    def __init__(self, path: Path, seed: int) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.chance = random.Random(seed)  # noqa: S311
        self.last_id = 0
        self.batches: list[int] = []

    def go_on(self, steps: int) -> None:
        doings = (self.plan, self.move, self.debit, self.judge, self.order, self.cancel, self.lose)
        for _ in range(steps):
            self.chance.choices(doings, weights=(6, 8, 5, 3, 2, 1, 1))[0]()

    def plan(self) -> None:
        level, batch = self.chance.choice(LEVELS), self.chance.choice([*self.batches, None])
        self._add("card", level=level, batch_id=batch, credit=self._credit(), **self._fate())

    def move(self) -> None:
        fate = self._fate()
        changes = ", ".join(f"{name} = :{name}" for name in fate)
        self._do(f"UPDATE OR IGNORE card SET {changes} WHERE id = :id", fate)  # noqa: S608

    def debit(self) -> None:
        standing = self.chance.choice(STANDINGS)
        self._add("usage", batch=self._any_batch(), credit=self._credit(), standing=standing)

    def judge(self) -> None:
        self._do("UPDATE usage SET standing = :standing WHERE id = :id", {"standing": self.chance.choice(STANDINGS)})

    def order(self) -> None:
        number = len(self.batches) + 1
        self.batches.append(number)
        found = {"institution_code": 1 + number % 3, "batch_number": number, "count": 10 * number, "state": "signed"}
        self._add("batch", number=number, **found)

    def cancel(self) -> None:
        states = {"state": self.chance.choice(("cancelled", "cancelled", "signed"))}
        self._do("UPDATE batch SET state = :state WHERE id = :id % 50", states)

    def lose(self) -> None:
        table = self.chance.choice(("card", "usage"))
        self._do(f"DELETE FROM {table} WHERE id = :id", {})  # noqa: S608

    def _any_batch(self) -> int:
        """One that was drawn, or one of which nobody ever heard."""
        return self.chance.choice([*self.batches, 999])

    def _credit(self) -> int:
        return self.chance.choice(CREDITS)

    def _fate(self) -> dict[str, Any]:
        return {
            "state": self.chance.choice(STATES),
            "outcome": self.chance.choice(OUTCOMES),
            "warning": self.chance.choice(("", "weak_medium")),
            "job_id": self.chance.choice((None, 1, 2)),
        }

    def _do(self, sql: str, given: dict[str, Any]) -> None:
        self.connection.execute(sql, {**given, "id": self.chance.randint(1, max(self.last_id, 1))})

    def _add(self, table: str, number: int | None = None, **given: Any) -> None:
        """A row with these values; what else the table demands is 0. What the table's own rules refuse is left out."""
        self.last_id += 1
        row = {**given, "id": self.last_id if number is None else number}
        for _place, name, kind, demanded, default, key in self.connection.execute(f"PRAGMA table_info({table})"):
            if demanded and default is None and not key and name not in row:
                row[name] = self.last_id if name == "machine_id" else "" if "CHAR" in kind else 0
        marks = ", ".join("?" for _ in row)
        self.connection.execute(
            f"INSERT OR IGNORE INTO {table} ({', '.join(row)}) VALUES ({marks})",  # noqa: S608
            list(row.values()),
        )

    def kept(self) -> dict[Key, int]:
        rows = self.connection.execute("SELECT scope, subject, name, number FROM card_tally WHERE number <> 0")
        return {(scope, subject, name): number for scope, subject, name, number in rows}


def counted(connection: sqlite3.Connection) -> dict[Key, int]:
    """The same from the rows themselves."""
    found: Counter[Key] = Counter()
    batches = {row["id"]: row for row in connection.execute("SELECT * FROM batch")}

    def note(name: str, batch: int | None, job: int | None = None, number: int = 1) -> None:
        found["all", 0, name] += number
        if batch is not None:
            found["batch", batch, name] += number
        if batch in batches:
            found["institution", batches[batch]["institution_code"], name] += number
        if job is not None:
            found["job", job, name] += number

    for card in connection.execute("SELECT * FROM card"):
        for word in filter(None, (card["state"], card["outcome"])):
            note(f"{card['level']}.{word}", card["batch_id"], card["job_id"])
        if card["warning"] and card["state"] in ("writing", "torn", "written"):
            note("weak", card["batch_id"], card["job_id"])
    used = {(row["batch"], row["credit"]) for row in connection.execute("SELECT * FROM usage") if is_income(row)}
    for batch, _credit in used:
        note("one_time.used", batch)
    for row in batches.values():
        if row["state"] != "cancelled":
            for name, number in (("batches", 1), ("ordered", row["count"])):
                found["all", 0, name] += number
                found["institution", row["institution_code"], name] += number
    return dict(found)


def is_income(row: sqlite3.Row) -> bool:
    return bool(row["standing"] == "counted")


def check_the_rows(connection: sqlite3.Connection) -> None:
    """What the database keeps in the rows themselves."""
    used = {(row["batch"], row["credit"]) for row in connection.execute("SELECT * FROM usage") if is_income(row)}
    codes = {row["id"]: row["institution_code"] for row in connection.execute("SELECT * FROM batch")}
    planned = set()
    for card in connection.execute("SELECT *, shown FROM card"):
        one_time = card["level"] == "one_time"
        assert bool(card["used"]) == (one_time and (card["batch_id"], card["credit"]) in used), dict(card)
        assert card["institution_code"] == codes.get(card["batch_id"])
        assert card["shown"] == ("used" if card["used"] and card["state"] == "written" else card["state"])
        planned |= {card["batch_id"]} if one_time else set()
    for batch in connection.execute("SELECT * FROM batch"):
        assert batch["one_time_planned"] or batch["id"] not in planned


def kept_since_now(engine: Engine) -> None:
    with engine.begin() as connection:
        config = migrations.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@pytest.mark.parametrize("seed", range(4))
def test_the_tallies_are_what_one_would_count(engine: Engine, tmp_path: Path, seed: int) -> None:
    history = History(tmp_path / "perscan.db", seed)
    history.go_on(STEPS)
    kept_since_now(engine)
    assert history.kept() == counted(history.connection)
    check_the_rows(history.connection)
    history.go_on(STEPS)
    assert history.kept() == counted(history.connection)
    check_the_rows(history.connection)
    assert {scope for scope, _subject, _name in history.kept()} == {"all", "batch", "institution", "job"}
    history.connection.close()
