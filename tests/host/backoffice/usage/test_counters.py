"""Kept counters are the sums of the debits, whoever changes a debit and however."""

import re
from itertools import product
from pathlib import Path

import pytest
from alembic import command
from fastapi.testclient import TestClient
from protocol import journal
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from backoffice import migrations
from backoffice.context import Context
from backoffice.db import make_engine, transaction
from backoffice.models import Institution, Usage
from backoffice.settings import Settings
from tests.host.backoffice.machines import Machine
from tests.host.backoffice.support import NOW
from tests.host.backoffice.usage.rows import assert_in_step, clinic, kept, raw, row, store

DAY_S = 86_400


@pytest.fixture
def clinics(context: Context) -> list[Machine]:
    return [clinic(context, f"Clinic {number}", "UTC", number) for number in (1, 2)]


@pytest.fixture
def debits(context: Context, clinics: list[Machine]) -> None:
    """Debits of two machines at two clinics and at none, on three days, of every kind."""
    with transaction(context.engine) as session:
        places = [*session.exec(select(Institution)).all(), None]
    kinds = product((1, 2), places, range(3), (False, True), ("counted", "foreign"))
    rows = [
        row(machine_id, place, number, NOW - ago * DAY_S, disputed=disputed, standing=standing)
        for number, (machine_id, place, ago, disputed, standing) in enumerate(kinds)
    ]
    store(context, rows)


def test_reports_are_counted_as_they_come(administrator: TestClient, context: Context, clinics: list[Machine]) -> None:
    first, second = clinics
    for credit in range(500, 506):
        first.exam(credit)
    first.send(administrator)
    second.exam(500)
    second.send(administrator)  # the same credit on another machine: disputed
    first.send(administrator)  # again: nothing new
    copy = first.copy()
    first.exam(510)
    first.send(administrator)
    copy.exam(511)
    copy.send(administrator, len(first.entries) - 3)  # another history
    assert_in_step(context)
    with transaction(context.engine) as session:
        _days, totals = kept(session)
    assert sum(exams + uncounted for exams, _disputed, uncounted in totals.values()) == 9


def test_a_debit_that_comes_late_counts_on_its_own_day(
    administrator: TestClient, context: Context, clinics: list[Machine]
) -> None:
    machine = clinics[0]
    machine.write(journal.DEBIT, 500, time=NOW - 3 * DAY_S)
    machine.write(journal.DEBIT, 501, time=NOW - 60)
    machine.send(administrator, 2, 2)
    machine.send(administrator, 1, 1)
    assert_in_step(context)
    with transaction(context.engine) as session:
        days, _totals = kept(session)
    assert len(days) == 2


CHANGES = {
    "day": "2020-01-01",
    "institution_id": None,
    "machine_id": 1,
    "standing": "void",
    "disputed": True,
}


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.usefixtures("debits")
def test_a_change_of_a_debit_is_followed(context: Context, column: str) -> None:
    with transaction(context.engine) as session:
        session.execute(update(Usage).where(Usage.id % 3 == 0).values({column: CHANGES[column]}))  # type: ignore[operator,arg-type]
    assert_in_step(context)


@pytest.mark.usefixtures("debits")
def test_a_debit_that_is_taken_away_is_not_counted(context: Context) -> None:
    with transaction(context.engine) as session:
        session.execute(delete(Usage).where(Usage.id % 2 == 0))  # type: ignore[operator,arg-type]
    assert_in_step(context)
    with transaction(context.engine) as session:
        session.execute(delete(Usage))
        assert kept(session) == ({}, {})


@pytest.mark.usefixtures("debits")
def test_a_transaction_that_fails_counts_nothing(context: Context) -> None:
    with transaction(context.engine) as session:
        before = kept(session)
    twice = row(1, None, 1000, NOW)
    with pytest.raises(IntegrityError):
        store(context, [row(1, None, 1001, NOW), twice, twice])
    with transaction(context.engine) as session:
        assert kept(session) == before


@pytest.mark.usefixtures("debits")
def test_a_debit_that_is_there_already_is_not_counted_again(context: Context) -> None:
    columns = "machine_id, epoch, seq, institution_id, batch, credit, time, time_quality, day, disputed, received_at"
    with transaction(context.engine) as session:
        session.execute(text(f"INSERT OR IGNORE INTO usage ({columns}) SELECT {columns} FROM usage"))  # noqa: S608
    assert_in_step(context)


def test_the_triggers_follow_every_column_that_counts_and_are_still_there(context: Context) -> None:
    """A migration that makes the table anew loses its triggers without a word."""
    with transaction(context.engine) as session:
        found = dict(trigger(session))
    assert set(found) == {"usage_counters_insert", "usage_counters_update", "usage_counters_delete"}
    followed = re.search(r"UPDATE OF (.+?) ON usage", found["usage_counters_update"])
    assert followed
    read = set(re.findall(r"(?:NEW|OLD)\.(\w+)", found["usage_counters_update"]))
    assert set(followed[1].split(", ")) == read == set(CHANGES)


def trigger(session: Session) -> list[tuple[str, str]]:
    query = text("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'usage_counters_%'")
    return [(name, sql) for name, sql in session.execute(query)]


def test_what_was_debited_before_is_counted_once(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'perscan.db'}")
    engine = make_engine(settings)
    config = migrations.configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        connection.exec_driver_sql("INSERT INTO institution VALUES (1, 1, 'Old', '', '', 'UTC', NULL, 1, 1)")
        for number in (1, 2):
            columns = "id, name, role, state, epoch, unique_id, report_interval_s, registered_at, firmware, transport"
            values = f"{number}, 'Old', 'swipe', 'active', 1, '', 3600, 1, '', 'wifi', 0, 0"
            connection.exec_driver_sql(
                f"INSERT INTO machine ({columns}, reader_reinits, pending_entries) VALUES ({values})"  # noqa: S608
            )
        connection.execute(
            insert(Usage.__table__),  # type: ignore[attr-defined]
            [
                row(1 + number % 2, None, number, NOW - number * DAY_S // 3, institution_id=number % 3 or None)
                | {"institution_id": 1 if number % 3 else None, "disputed": number % 5 == 0}
                for number in range(50)
            ],
        )
    migrations.upgrade(engine)
    with Session(engine) as session:
        assert kept(session) == raw(session)
        assert sum(exams for exams, _disputed, _uncounted in kept(session)[1].values()) == 50
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")
        command.upgrade(config, "head")
    engine.dispose()
