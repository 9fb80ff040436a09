"""What SQLite's planner would know of a database with millions of rows, without the rows.

A database that nobody has analysed is planned by rules of thumb, an analysed one by ``sqlite_stat1``: how many rows a
table has, and how many of them share the first, the first two, ... columns of an index. Both kinds exist in the field,
so plans are held against both.
"""

import sqlite3
from collections.abc import Iterator
from math import prod

from tests.host.backoffice.plans.tables import DISTINCT, GROWING, PARTIAL, SMALL

Figure = tuple[str, str | None, str]
"""Table, index (None: the table itself), and the figures as ``sqlite_stat1`` writes them."""


def pretend(connection: sqlite3.Connection) -> None:
    """Give the planner the figures of an office with two million exams."""
    connection.execute("ANALYZE")
    for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'sqlite_stat_'").fetchall():
        connection.execute(f"DELETE FROM {table}")  # noqa: S608
    connection.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", list(figures(connection)))
    connection.execute("ANALYZE sqlite_schema")  # has the planner read them
    connection.commit()


def figures(connection: sqlite3.Connection) -> Iterator[Figure]:
    """Rows of ``sqlite_stat1`` for every table and index."""
    for table, rows in (GROWING | SMALL).items():
        found = connection.execute(f"PRAGMA index_list('{table}')").fetchall()
        if not found:
            yield table, None, str(rows)
        for _number, index, _unique, origin, _partial in found:
            columns = [name for _place, _column, name in connection.execute(f"PRAGMA index_info('{index}')")]
            own_key = origin == "pk" and _without_rowid(connection, table)
            yield table, table if own_key else index, _stat(PARTIAL.get(index, rows), columns)


def _stat(rows: int, columns: list[str | None]) -> str:
    distinct = [DISTINCT.get(name or "", rows) for name in columns]
    alike = [max(1, rows // prod(distinct[: place + 1])) for place in range(len(columns))]
    return " ".join(str(number) for number in (rows, *alike))


def _without_rowid(connection: sqlite3.Connection, table: str) -> bool:
    found = connection.execute("SELECT wr FROM pragma_table_list WHERE name = ?", (table,)).fetchone()
    return bool(found and found[0])
