"""No page and no list walks through a growing table or sorts one, with and without the planner's statistics."""

import re
import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlmodel import SQLModel

from tests.host.backoffice.plans.exemptions import REVIEWED
from tests.host.backoffice.plans.plan import explain, faults, partial_indexes
from tests.host.backoffice.plans.statements import Heard, Statement
from tests.host.backoffice.plans.statistics import pretend
from tests.host.backoffice.plans.tables import GROWING, SMALL
from tests.host.backoffice.plans.visits import NOT_VISITED, pages

pytestmark = pytest.mark.xdist_group("plans")  # every page is visited once, not once a worker

Fault = tuple[str, str]
"""The function that asks, and what is wrong."""
PLANNERS = ("not analysed", "analysed")


@pytest.fixture(scope="package")
def planners(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two databases without rows: the planner of one knows nothing, that of the other the figures of years of use."""
    folder = tmp_path_factory.mktemp("planners")
    paths = {name: folder / f"{name}.db" for name in PLANNERS}
    for path in paths.values():
        shutil.copyfile(migrated, path)
    connection = sqlite3.connect(paths["analysed"])
    pretend(connection)
    connection.close()
    return paths


@pytest.fixture(scope="package")
def found(planners: dict[str, Path], heard: Heard) -> dict[Fault, str]:
    """Every fault of every statement under either planner, with the words that show it."""
    every: dict[Fault, str] = {}
    for name, path in planners.items():
        every = {**faults_of(path, name, heard.statements.values()), **every}
    return every


def faults_of(path: Path, name: str, statements: Iterable[Statement]) -> dict[Fault, str]:
    found: dict[Fault, str] = {}
    connection = sqlite3.connect(path)
    partial = partial_indexes(connection)
    for statement in statements:
        lines = explain(connection, statement.sql, statement.parameters)
        for fault in faults(statement.sql, lines, partial):
            shown = [f"{statement.origin}: {fault}", f"{statement.during} ({name})", shortened(statement.sql), *lines]
            found.setdefault((statement.origin, fault), "\n  ".join(shown))
    connection.close()
    return found


def shortened(sql: str) -> str:
    """Without the columns that are read."""
    return re.sub(r"SELECT (.{60}).*? \nFROM", r"SELECT \1 ...\nFROM", sql).replace("\n", "\n  ")


def test_no_page_and_no_list_walks_through_a_growing_table(found: dict[Fault, str]) -> None:
    unexpected = [words for fault, words in found.items() if fault not in REVIEWED]
    assert not unexpected, f"{len(unexpected)} faults\n\n" + "\n\n".join(unexpected)


def test_no_exemption_outlives_its_reason(found: dict[Fault, str]) -> None:
    assert sorted(set(REVIEWED) - set(found)) == []


def test_every_table_is_known_to_grow_or_not(office: FastAPI) -> None:
    assert set(GROWING).isdisjoint(SMALL)
    assert set(GROWING | SMALL) - {"alembic_version"} == set(SQLModel.metadata.tables)


def test_what_is_not_visited_exists(office: FastAPI) -> None:
    assert {page.path for page in pages(office)} >= set(NOT_VISITED)


@pytest.mark.parametrize("name", PLANNERS)
def test_an_index_that_goes_is_missed(planners: dict[str, Path], heard: Heard, tmp_path: Path, name: str) -> None:
    shutil.copyfile(planners[name], tmp_path / "perscan.db")
    before = faults_of(tmp_path / "perscan.db", name, heard.statements.values())
    connection = sqlite3.connect(tmp_path / "perscan.db")
    connection.execute("DROP INDEX ix_card_changed")
    connection.close()
    missed = set(faults_of(tmp_path / "perscan.db", name, heard.statements.values())) - set(before)
    assert ("web/reads/stock.py:cards", "SORT ORDER BY") in missed


@pytest.mark.parametrize(
    ("sql", "wrong"),
    [
        ("SELECT id FROM usage ORDER BY id DESC LIMIT 51", set()),
        ("SELECT id FROM usage AS debit ORDER BY id DESC LIMIT 51", set()),
        ("SELECT max(id) FROM usage", set()),
        ("SELECT name FROM machine ORDER BY name", set()),
        ("SELECT id FROM batch WHERE batch.state <> 'cancelled' ORDER BY created_at DESC, id DESC LIMIT 51", set()),
        ("SELECT id FROM batch WHERE state <> 'cancelled' AND epoch ORDER BY created_at LIMIT 51", {"SCAN batch"}),
        ("SELECT id FROM usage ORDER BY id DESC", {"SCAN usage"}),
        ("SELECT id FROM usage AS debit ORDER BY id DESC", {"SCAN usage"}),
        ("SELECT id FROM usage WHERE disputed ORDER BY id DESC LIMIT 51", {"SCAN usage"}),
        ("SELECT count(*) FROM usage LIMIT 1", {"SCAN usage"}),
        ("SELECT id FROM usage WHERE machine_id = 1 ORDER BY received_at LIMIT 51", {"SORT ORDER BY"}),
        ("SELECT machine_id FROM usage ORDER BY received_at LIMIT 51", {"SCAN usage", "SORT ORDER BY"}),
        (
            "SELECT machine.id FROM machine WHERE id IN (SELECT machine_id FROM usage WHERE received_at > 5)",
            {"SCAN usage"},
        ),
    ],
)
def test_the_lint_tells_a_page_from_a_walk(planners: dict[str, Path], sql: str, wrong: set[str]) -> None:
    connection = sqlite3.connect(planners["not analysed"])
    assert faults(sql, explain(connection, sql, ()), partial_indexes(connection)) == wrong
    connection.close()
