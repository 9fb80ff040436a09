"""Whatever is started, the generated `perscan` command too, may be imported again by a process that it spawns.

multiprocessing does so ("Safe importing of main module"); `tests/host/uplinks/test_run.py` and
`tests/host/load/test_run.py` start the command itself."""

import ast
import sys
from pathlib import Path

import pytest

from tools.flash.build import ROOT
from tools.setup.environment import start_script

MODULES = sorted(path for path in ROOT.glob("[a-z]*/**/__main__.py") if "build" not in path.parts)
STARTED = {str(path.relative_to(ROOT)): path.read_text() for path in MODULES}
STARTED["perscan"] = start_script(Path(sys.executable))
GUARD = ast.dump(ast.parse('__name__ == "__main__"', mode="eval").body)


def does_something(statement: ast.stmt) -> bool:
    """True for whatever is no import, definition, assignment, docstring or guard."""
    match statement:
        case ast.If(test=test):
            return ast.dump(test) != GUARD
        case ast.Expr(value=ast.Constant()):
            return False
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef() | ast.Assign() | ast.AnnAssign():
            return False
    return True


@pytest.mark.parametrize("name", STARTED)
def test_importing_what_is_started_starts_nothing(name: str) -> None:
    assert len(STARTED) > 5
    assert [ast.unparse(one) for one in ast.parse(STARTED[name]).body if does_something(one)] == []
