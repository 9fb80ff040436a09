"""Which function a test enters: marks in a copy of the sources, the same on CPython, on a board and in subprocesses.

coverage.py sees one interpreter, and MicroPython has no such thing. So each critical function of a copy begins with
`import _entered; _entered.at(n)`: a process tells a number once, by appending four hexadecimal digits to a file. On an
emulated board no request to the world is made, so virtual time goes as without it.
"""

from pathlib import Path
from typing import Any, Final

from cosmic_ray.ast import ast_nodes, get_ast  # type: ignore[import-untyped]

from tools.mutants.sites import MODULE, function_of

DIGITS: Final = 4
MARK: Final = "import _entered; _entered.at({number})"
ON_BOARD: Final = "firmware/lib/_entered.py"
ON_HOST: Final = "_entered.py"

HOST_MODULE: Final = """\
_seen = bytearray({count})


def at(number):
    if not _seen[number]:
        _seen[number] = 1
        with open({path!r}, "a") as file:
            file.write("%04x" % number)


def forget():
    _seen[:] = bytes({count})
"""
# The board's own file systems hide the host's; this one is opened without being mounted.
BOARD_MODULE: Final = """\
from vfs import VfsPosix

_host = VfsPosix()
_seen = bytearray({count})


def at(number):
    if not _seen[number]:
        _seen[number] = 1
        file = _host.open({path!r}, "a")
        file.write("%04x" % number)
        file.close()
"""


class Marks:
    """The numbers of the marks: each is a "module:function"."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def put(self, module: str, source: str) -> str:
        """The module's text with a mark at its top and in each function that has a block of its own."""
        lines = source.splitlines(keepends=True)
        tree = get_ast(source)
        places = [(_after_heading(tree.children), 0, MODULE)]
        for node in ast_nodes(tree):
            if node.type == "funcdef" and "." not in _inner(node) and not _compiled_natively(node):
                block = node.children[-1]
                if block.type == "suite":
                    line = _after_heading(block.children[1:])
                    places.append((line, block.children[1].start_pos[1], function_of(block)))
        for line, column, function in sorted(places, reverse=True):
            lines.insert(line - 1, " " * column + MARK.format(number=len(self.names)) + "\n")
            self.names.append(f"{module}:{function}")
        return "".join(lines)

    def write_modules(self, root: Path, log: Path) -> None:
        """What the marks import, on both sides."""
        count = len(self.names)
        (root / ON_HOST).write_text(HOST_MODULE.format(count=count, path=str(log)))
        if (root / ON_BOARD).parent.is_dir():
            (root / ON_BOARD).write_text(BOARD_MODULE.format(count=count, path=str(log)))

    def read(self, text: str) -> set[str]:
        """The names behind what processes told."""
        numbers = {int(text[at : at + DIGITS], 16) for at in range(0, len(text), DIGITS)}
        return {self.names[number] for number in numbers}


def _after_heading(children: list[Any]) -> int:
    """The line of the first statement that is neither a docstring nor of __future__."""
    for child in children:
        if child.type == "simple_stmt":
            first = child.children[0]
            if first.type == "string" or "__future__" in child.get_code(include_prefix=False):
                continue
        first_line: int = child.start_pos[0]
        return first_line
    last_line: int = children[-1].start_pos[0]
    return last_line


def _inner(node: Any) -> str:
    """Dotted when node lies in another function: the outer one's mark speaks for both."""
    around = node.parent
    while around is not None:
        if around.type == "funcdef":
            return f"{around.name.value}.{node.name.value}"
        around = around.parent
    return str(node.name.value)


def _compiled_natively(node: Any) -> bool:
    return node.parent.type == "decorated" and "micropython." in node.parent.children[0].get_code()
