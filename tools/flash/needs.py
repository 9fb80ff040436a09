"""Which modules each module of a board loads, in the order in which they can be loaded one at a time.

Loading a module with all that it imports takes many times as long as a card may be kept waiting, so the firmware loads
them one a turn of its event loop (firmware/lib/borrowed.py). It reads the list from needs/<module>, one name a line,
the module itself last; a module that imports nothing of ours has no list.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Final

FOLDER: Final = "needs/"


def lists_of(sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """The lists by their paths; ``sources`` are the modules by their names."""
    imports = {name: list(_imports(source, sources)) for name, source in sources.items()}
    lists = {}
    for name in sources:
        order: list[str] = []
        _visit(name, imports, order, set())
        if len(order) > 1:
            lists[FOLDER + name] = "".join(f"{needed}\n" for needed in order).encode()
    return lists


def _visit(name: str, imports: Mapping[str, list[str]], order: list[str], seen: set[str]) -> None:
    if name in seen:
        return
    seen.add(name)
    for needed in imports[name]:
        _visit(needed, imports, order, seen)
    order.append(name)


def _imports(source: bytes, known: Mapping[str, bytes]) -> Iterator[str]:
    """What loading it loads: imports of the module itself, neither those inside functions nor those for types."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Import):
            named = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            named = [f"{statement.module}.{alias.name}" for alias in statement.names]
            named = [name if name in known else statement.module for name in named]
        else:
            continue
        for name in named:
            if name in known:
                yield name
