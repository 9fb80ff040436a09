"""Write docs/errors.md from the code: python -m tools.docs.errors [--check]"""

import inspect
import sys
from pathlib import Path

from tools.docs.source import constants, summary, table, write_or_check

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [path for path in (str(ROOT / "shared"), str(ROOT)) if path not in sys.path]

from protocol import errors as protocol_errors  # noqa: E402
from protocol import hostlink, links, reasons  # noqa: E402

from backoffice import errors as backoffice_errors  # noqa: E402 (the folders are known only now)

DOCUMENT = ROOT / "docs" / "errors.md"

INTRODUCTION = """# Reasons and error codes

What a machine, the back office or a program says when something is refused, and what it means. The codes in the
tables are stable: programs compare them, a person can look them up here. This file is generated from the code by
`python -m tools.docs.errors` and a test compares the two.
"""


def document() -> str:
    return "\n".join((INTRODUCTION, _reasons(), _links(), _protocol(), _hostlink(), _backoffice())).rstrip() + "\n"


def _reasons() -> str:
    rows: list[tuple[object, ...]] = [
        (reasons.number(str(value)), f"`{value}`", comment)
        for _, value, comment in constants(reasons)
        if value in reasons.NAMES
    ]
    if [row[0] for row in rows] != list(range(len(reasons.NAMES))):
        raise ValueError("a reason without a comment, or out of order")
    head = "## Reasons\n\nWhy a card or a command was refused. The number is what the journal keeps (entry REFUSED).\n"
    return head + "\n" + table(("number", "reason", "meaning"), rows) + "\n"


def _links() -> str:
    rows: list[tuple[object, ...]] = [
        (links.reason_number(str(value)), f"`{value}`", comment)
        for _, value, comment in constants(links)
        if value in links.REASONS
    ]
    if [row[0] for row in rows] != list(range(len(links.REASONS))):
        raise ValueError("a reason without a comment, or out of order")
    head = "## Links\n\nWhy a machine took another way to the back office. The number is what a report's health says.\n"
    return head + "\n" + table(("number", "reason", "meaning"), rows) + "\n"


def _protocol() -> str:
    rows: list[tuple[object, ...]] = [(f"`{error.code}`", summary(error)) for error in protocol_errors.ALL]
    head = "## Protocol errors\n\nWhat is wrong with bytes that arrived.\n"
    return head + "\n" + table(("code", "raised when"), rows) + "\n"


def _hostlink() -> str:
    rows: list[tuple[object, ...]] = [
        (value, comment) for _, value, comment in constants(hostlink) if isinstance(value, int) and value < 0
    ]
    head = "## Host link\n\nNumbers of JSON-RPC 2.0; `data.reason` carries a reason or a protocol error's code.\n"
    return head + "\n" + table(("code", "meaning"), rows) + "\n"


def _backoffice() -> str:
    root = backoffice_errors.BackOfficeError
    found = [kind for _, kind in inspect.getmembers(backoffice_errors, inspect.isclass) if issubclass(kind, root)]
    rows: list[tuple[object, ...]] = sorted({(f"`{kind.code}`", kind.status, summary(kind)) for kind in found})
    head = '## Back office\n\nBody of a refused request: `{"error": {"code", "message", "detail"}}`.\n'
    return head + "\n" + table(("code", "HTTP status", "raised when"), rows) + "\n"


def main(arguments: list[str]) -> int:
    return write_or_check(DOCUMENT, document(), "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
