"""What the back office says to its database: every statement, and which function of ours said it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import Engine, event

import backoffice

HOUSE = Path(backoffice.__file__).parent
HELPERS = ("pagination.py", "web/reads/slices.py")
"""They run what others give them: the question is asked by who called them."""
KEYWORDS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


@dataclass(frozen=True)
class Statement:
    """One statement as it was first said."""

    sql: str
    parameters: Any
    origin: str
    """The function that asked, as ``web/reads/stock.py:levels``."""
    during: str
    """What was going on: a visit, or work in the background."""


@dataclass
class Heard:
    """Every different statement of each function."""

    during: str = ""
    statements: dict[tuple[str, str], Statement] = field(default_factory=dict)

    def note(self, sql: str, parameters: Any, many: bool) -> None:
        if sql.lstrip().upper().startswith(KEYWORDS):
            origin = origin_of(sys._getframe(2))
            one = parameters[0] if many else parameters
            self.statements.setdefault((origin, sql), Statement(sql, one, origin, self.during))


@contextmanager
def listening() -> Iterator[Heard]:
    """Hears every engine of this process, whichever part of the back office made it."""
    heard = Heard()

    def hear(_connection: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, many: bool) -> None:
        heard.note(sql, parameters, many)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def origin_of(frame: FrameType | None) -> str:
    """The innermost function of the back office that led here."""
    while frame is not None:
        path, name = Path(frame.f_code.co_filename), frame.f_code.co_name
        inside = path.relative_to(HOUSE).as_posix() if path.is_relative_to(HOUSE) else ""
        if inside and inside not in HELPERS and not name.startswith("<") and name != "_merged":
            return f"{inside}:{name}"
        frame = frame.f_back
    return "?"
