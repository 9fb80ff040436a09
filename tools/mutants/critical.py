"""The reviewed list of critical modules, and which test files may try them."""

import ast
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

LIST: Final = Path(__file__).with_name("critical.toml")


class ListError(Exception):
    """A reviewed list names what does not exist, or is malformed."""

    code = "list"


@dataclass(frozen=True)
class Critical:
    """What critical.toml says of one checkout."""

    floors: dict[str, float]  # by module, in the order of the list
    test_files: list[str]


def count_functions(source: str) -> int:
    """Functions and methods, inner ones too."""
    return sum(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(ast.parse(source)))


def read_critical(root: Path, path: Path = LIST) -> Critical:
    """Raises: ListError."""
    table = tomllib.loads(path.read_text())
    floors: dict[str, float] = {}
    for group in table["group"]:
        for pattern in group["modules"]:
            found = sorted(one.relative_to(root).as_posix() for one in root.glob(pattern))
            if not found:
                raise ListError(f"{pattern} names no module")
            for module in found:
                if _has_functions(root / module):
                    floors.setdefault(module, group["floor"])
    return Critical(floors, _test_files(root, table.get("tests", {})))


def _test_files(root: Path, table: dict[str, Any]) -> list[str]:
    away = [*table.get("left_out", ()), *table.get("run_elsewhere", ())]
    files = sorted(path.relative_to(root).as_posix() for path in (root / "tests").rglob("test_*.py"))
    for pattern in away:
        if not any(fnmatch(file, pattern) for file in files):
            raise ListError(f"{pattern} names no test file")
    return [file for file in files if not any(fnmatch(file, pattern) for pattern in away)]


def _has_functions(path: Path) -> bool:
    """A module of declarations alone (tables, schemas) makes no promise by itself."""
    return path.name != "__init__.py" and count_functions(path.read_text(encoding="utf-8")) > 0
