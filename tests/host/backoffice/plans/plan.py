"""How SQLite would carry a statement out, and what is wrong with that.

Wrong is whatever costs more the longer the office is in use:

- ``SCAN``: a walk through a growing table. Not wrong when it goes in the list's own order and stops after a page: a
  statement with a LIMIT, without a sum, without sorting, and without a condition that could leave rows out; the
  condition of a partial index leaves out none of the rows in it.
- ``SORT``: a temporary B-tree, so that all rows are read before the first is known.
- ``AUTOMATIC INDEX``: an index made for one statement, which is a walk through the table and a sort.
"""

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from tests.host.backoffice.plans.tables import GROWING

_SCAN = re.compile(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")
_SEARCH = re.compile(r"(?:SCAN|SEARCH) (\w+)")
_ALIAS = re.compile(r'"?(\w+)"? AS "?(\w+)"?')
_SORT = re.compile(r"USE TEMP B-TREE FOR (.+)")
_SUM = re.compile(r"GROUP BY|DISTINCT|\b(?:count|sum|max|min|total|avg)\s*\(", re.IGNORECASE)


def explain(connection: sqlite3.Connection, sql: str, parameters: Any) -> list[str]:
    """The plan's lines."""
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]


def partial_indexes(connection: sqlite3.Connection) -> dict[str, str]:
    """The condition of each index that has one."""
    found = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql LIKE '% WHERE %'")
    return {name: sql.partition(" WHERE ")[2] for name, sql in found}


def faults(sql: str, lines: list[str], partial: Mapping[str, str]) -> set[str]:
    """What is wrong with a plan, in words that name the table. ``partial``: the conditions of partial indexes."""
    names = {alias: table for table, alias in _ALIAS.findall(sql)}
    touched = {names.get(name, name) for line in lines for name in _SEARCH.findall(line)} & set(GROWING)
    sorts = {f"SORT {found[1]}" for line in lines if (found := _SORT.search(line))} if touched else set()
    scans = [found for line in lines if (found := _SCAN.match(line))]
    walks = {names.get(found[1], found[1]) for found in scans} & set(GROWING)
    made = {names.get(found[1], found[1]) for line in lines if "AUTOMATIC" in line and (found := _SEARCH.match(line))}
    conditions = {partial.get(found[2] or "", "") for found in scans}
    if walks and not sorts and _stops_after_a_page(sql, conditions):
        walks = set()
    return sorts | {f"SCAN {table}" for table in walks} | {f"AUTOMATIC INDEX {table}" for table in made & set(GROWING)}


def _stops_after_a_page(sql: str, conditions: set[str]) -> bool:
    if "LIMIT" not in sql or _SUM.search(sql):
        return False
    condition = sql.partition("WHERE ")[2].partition(" ORDER BY")[0]
    return re.sub(r"\b\w+\.", "", condition) in conditions if condition else True
