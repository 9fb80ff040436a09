"""Where a module can be changed: every position of every operator, with the function that it lies in."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from cosmic_ray.ast import ast_nodes, get_ast  # type: ignore[import-untyped]
from cosmic_ray.mutating import mutate_code  # type: ignore[import-untyped]

from tools.mutants.operators import NAMES, operator

MODULE: Final = "<module>"


@dataclass(frozen=True)
class Site:
    """One change that can be made: the operator's nth position in the module."""

    module: str  # path below the root, with slashes
    operator: str
    occurrence: int
    function: str  # dotted, "Class.method", or MODULE
    line: int  # from 1
    text: str  # that line as it stands, without its margin: what a reviewed equivalent is held against


def sites(module: str, source: str) -> list[Site]:
    """In the order of the operators, then of the text. Annotations have none."""
    tree = get_ast(source)
    lines = source.splitlines()
    found = []
    nodes = list(ast_nodes(tree))
    for name in NAMES:
        made = operator(name)
        for occurrence, (node, line) in enumerate(_positions(made, nodes)):
            if not _is_annotation(node):
                found.append(Site(module, name, occurrence, function_of(node), line, lines[line - 1].strip()))
    return found


def mutated(source: str, site: Site) -> str | None:
    """The module with that one change, or None where the result is no Python or the same text."""
    code = mutate_code(source, operator(site.operator), site.occurrence)
    if code is None or code == source:
        return None
    try:
        compile(code, site.module, "exec", dont_inherit=True)
    except SyntaxError:
        return None
    return str(code)


def diff(source: str, changed: str, module: str) -> str:
    lines = difflib.unified_diff(
        source.splitlines(), changed.splitlines(), f"a/{module}", f"b/{module}", lineterm="", n=2
    )
    return "\n".join(lines)


def function_of(node: Any) -> str:
    """The outermost function or method around node; what is inside of it belongs to it."""
    names: list[str] = []
    while node is not None:
        if node.type == "funcdef":
            names = [node.name.value]
        elif node.type == "classdef" and names:
            names.insert(0, node.name.value)
        node = node.parent
    return ".".join(names) or MODULE


def _positions(made: Any, nodes: list[Any]) -> Iterator[tuple[Any, int]]:
    for node in nodes:
        for start, _ in made.mutation_positions(node):
            yield node, start[0]


def _is_annotation(node: Any) -> bool:
    """Types are not run, or mean nothing when they are."""
    while node.parent is not None:
        if node.parent.type in {"tfpdef", "annassign"} and node.parent.children[0] is not node:
            return node.parent.type == "tfpdef" or node.parent.children[1] is node
        if node.parent.type == "funcdef" and node.parent.annotation is node:
            return True
        node = node.parent
    return False
