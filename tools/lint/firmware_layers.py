"""Layering on the board, where import-linter cannot look: MicroPython modules are not packages of this interpreter.

Rules (docs/architecture.md): `protocol` and `gsm` import nothing of ours and do no I/O; `firmware/lib` imports neither
the application nor the protocol and speaks no business word; nothing on the board knows that it may be emulated.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

BUSINESS_WORDS = ("debit", "credit", "batch", "institution", "investor", "invoice", "settle", "perscan")
IMPURE_MODULES = {"machine", "network", "os", "random", "select", "socket", "time", "vfs"}
EMULATION_WORDS = ("emulat", "simulat", "unix port")


def findings(root: Path) -> list[str]:
    """Every breach below ``root`` (a checkout), as "file:line: words"."""
    application = {path.stem for path in (root / "firmware").glob("*.py")}
    found: list[str] = []
    for path in sorted((root / "shared/protocol").rglob("*.py")):
        found += _imports_of(path, application | IMPURE_MODULES | {"gsm"}, "protocol must not import")
    for path in sorted((root / "shared/gsm").rglob("*.py")):
        found += _imports_of(path, application | IMPURE_MODULES | {"protocol"}, "gsm must not import")
    for path in sorted((root / "firmware/lib").rglob("*.py")):
        found += _imports_of(path, application | {"protocol"}, "a driver must not import")
        found += _words_in(path, BUSINESS_WORDS, "business word in a driver:")
    for path in sorted((root / "firmware").rglob("*.py")):
        found += _words_in(path, EMULATION_WORDS, "the firmware must not know:")
    return found


def _imports_of(path: Path, forbidden: set[str], words: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        for name in names:
            if name.split(".")[0] in forbidden:
                yield f"{path}:{getattr(node, 'lineno', 0)}: {words} {name}"


def _words_in(path: Path, words: tuple[str, ...], complaint: str) -> Iterator[str]:
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        for word in words:
            if word in line.lower():
                yield f"{path}:{number}: {complaint} {word}"
