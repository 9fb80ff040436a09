"""Services never commit, repositories own queries: read from the source, so that it stays so."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "backoffice"
MODULES = sorted(path for path in ROOT.rglob("*.py") if "migrations" not in path.parts)
ENDS_TRANSACTIONS = {"db.py"}
REPORTS = {"issuing/stock.py"}
"""Modules of numbers for people: they are nothing but their queries."""
TRANSACTION_WORDS = {"commit", "rollback", "begin", "begin_nested"}
QUERY_WORDS = {"exec", "execute", "scalars", "scalar", "query"}
QUERY_IMPORTS = {"select", "insert", "update", "delete", "text"}


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def calls_on(tree: ast.Module, names: set[str], receivers: tuple[str, ...]) -> Iterator[str]:
    """Calls like ``session.flush(...)`` of these methods on these receivers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
            receiver = ast.unparse(node.func.value)
            if receiver.split(".")[-1].split("(")[0] in receivers:
                yield f"line {node.lineno}: {ast.unparse(node.func)}"


def transactions_ended(tree: ast.Module) -> list[str]:
    return list(
        calls_on(
            tree, TRANSACTION_WORDS, ("session", "connection", "reading", "writing", "engine", "execution_options")
        )
    )


def queries(tree: ast.Module) -> list[str]:
    found = list(calls_on(tree, QUERY_WORDS, ("session", "connection", "reading", "writing")))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("sqlmodel", "sqlalchemy"):
            found += [f"line {node.lineno}: imports {name.name}" for name in node.names if name.name in QUERY_IMPORTS]
    return found


def owns_queries(path: Path) -> bool:
    inside = path.relative_to(ROOT)
    if inside.as_posix() in REPORTS:
        return True
    return path.name == "repository.py" or inside.parts[0] == "models" or inside.parts[:2] == ("web", "reads")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_database_module_ends_transactions(path: Path) -> None:
    if path.relative_to(ROOT).as_posix() not in ENDS_TRANSACTIONS:
        assert transactions_ended(parsed(path)) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_repositories_query(path: Path) -> None:
    if not owns_queries(path) and path.name not in ENDS_TRANSACTIONS:
        assert queries(parsed(path)) == []


@pytest.mark.parametrize("line", ["session.commit()", "self.session.rollback()", "engine.begin()"])
def test_the_lint_sees_a_service_that_commits(line: str) -> None:
    assert transactions_ended(ast.parse(line))


@pytest.mark.parametrize("line", ["session.exec(x)", "session.connection().execute(x)", "from sqlmodel import select"])
def test_the_lint_sees_a_service_that_queries(line: str) -> None:
    assert queries(ast.parse(line))
